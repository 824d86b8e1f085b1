"""Every setting of every model and of training, once: its default, its help and its limits.

This room knows no torch, so that `--help` answers at once.
"""
