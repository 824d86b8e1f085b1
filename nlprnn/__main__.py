"""`python -m nlprnn` is the same as the `nlprnn` command."""

from nlprnn.cli import main

main()
