# `make demo` and `make test` need only Python 3.11 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: all demo test test-backends install lint clean

all: demo

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[tensorflow,dev]"
	touch $@

install: $(VENV)/installed

# Trains (or says that it has), generates and scores; interrupted, the same command goes on.
demo: install
	$(BIN)/python train.py --config data/demo.toml
	$(BIN)/python test.py --config data/demo.toml --generator_checkpoint output/demo/epoch_007_generator.h5

test: demo
	$(BIN)/ruff check .
	$(BIN)/python -m pytest

# The same tests on the other two back ends; torch in its CPU build where pip finds one.
$(VENV)/backends: $(VENV)/installed
	$(BIN)/python -m pip install --quiet -e ".[jax,torch]"
	touch $@

test-backends: $(VENV)/backends
	KERAS_BACKEND=jax $(BIN)/python -m pytest -m "not tensorflow_only"
	KERAS_BACKEND=torch $(BIN)/python -m pytest -m "not tensorflow_only"

lint: install
	$(BIN)/ruff check .

clean:
	rm -rf output tmp
