# Everything runs in .venv, which the first target that needs it makes from constraints.txt.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install test check demo bench clean
install: .venv/installed

.venv/installed: setup.cfg setup.py pyproject.toml constraints.txt $(wildcard nlprnn/nn/kernels/csrc/*)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

test: install
	$(BIN)/python -m pytest -q -n 2

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The main job on the corpus that ships: two models, the next words, and which recency each model follows.
demo: install
	$(BIN)/nlprnn train-lm corpora/agreement.txt --out models/demo-lm --hidden 200 --max-minutes 2 --overwrite
	$(BIN)/nlprnn train-ngram corpora/agreement.txt --like models/demo-lm --out models/demo-ngram --overwrite
	$(BIN)/nlprnn predict models/demo-lm "the writer of the books" -k 8
	$(BIN)/nlprnn probe-agreement models/demo-lm --sentence "the writer of the books is/are"
	$(BIN)/nlprnn probe-agreement models/demo-lm models/demo-ngram --baseline models/demo-ngram

# The first takes a quarter of an hour, and with --quick four minutes.
bench: install
	$(BIN)/python benchmarks/kernels.py
	$(BIN)/python benchmarks/encode.py --megabytes 100
	$(BIN)/python benchmarks/ngram.py

clean:
	rm -rf .venv build dist nlprnn.egg-info
