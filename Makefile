# The one door to everything a person does with this tree.
#
#   make demo    compile an example, serve it, provision three simulated machines into ./demo/
#   make test    everything that must hold, in a few minutes
#   make lint    style, formatting, types, and the order of the rooms
#   make bench   how fast it is, on this machine, side by side with what it is compared to
#   make soak    the long tests that `make test` leaves out
#   make docs    write the reference pages anew; links, and the commands that the documentation shows
#   make clean   remove what the other targets made
#
# Each of them sets up what it needs: a virtual environment in .venv with the versions of requirements.lock. That takes
# Python 3.11 or newer with its venv module; another interpreter is named by `make PYTHON=python3.12 ...`.

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test bench soak lint docs lock clean

setup: $(READY)

$(READY): pyproject.toml requirements.lock scripts/debian-packages scripts/setup
	PYTHON="$(PYTHON)" UV_VERSION="$(UV_VERSION)" scripts/setup
	touch $@

demo: $(READY)
	$(BIN)/python scripts/demo.py

test: $(READY)
	$(BIN)/python -m pytest

bench: $(READY)
	$(BIN)/python -m bench $(BENCH)

soak: $(READY)
	$(BIN)/python -m pytest -m soak

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/lint-shell

docs: $(READY)
	$(BIN)/python scripts/reference.py
	$(BIN)/python -m pytest tests/docs

# Choose versions anew, after pyproject.toml has changed or to take in newer releases.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --upgrade --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .bench .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build demo dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
