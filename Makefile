# Python 3.11 or newer, make and git are all that must be there.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
RESULTS ?= lenet5_digits resnet18_shapes_world dcgan_digits gpt_prose house_prices_linear house_prices_mlp \
	lenet5_mnist lenet5_fashion airbench94_fashion airbench94_cifar10 airbench95_cifar10 vgg11_cifar10 \
	autoencoder_digits vae_digits beta_vae_digits vae_mnist wgan_gp_digits ddpm_digits fcn_shapes_world \
	ssd_small_shapes_world transformer_grammar clip_shapes_world fcn_camvid ssd_small_bccd clip_coco_mini transformer_multi30k

# small real data sets, where they lie beside the checkout
ifneq ($(wildcard ../shared/data),)
export GROUNDUP_DATA ?= $(abspath ../shared/data)
endif

.PHONY: setup demo test lint verify kills fuzz bank docs mutants bench results clean

setup: .venv/installed
demo: .venv/installed
	@$(BIN)/python examples/demo.py

test: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

verify: .venv/installed-dev
	$(BIN)/groundup verify --all --ledger docs/parity.md

kills: .venv/installed-dev
	$(BIN)/python -m tests.kills --count $(or $(COUNT),40)

# damaged and hostile data sets, read in process
fuzz: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --count $(or $(COUNT),2000)

# a scripted learner goes through all exercises: each wrong answer must be told its own hint
bank: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bank

# the site, with every lesson run, in English and Chinese: docs/_build/en/index.html
docs: .venv/installed-docs
	$(BIN)/python docs/build.py

# two hundred faults of the package, then as many and more of the exercises' solutions, one at a time; about an hour
mutants: .venv/installed-dev
	$(BIN)/python -m tests.mutants
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.exercise_mutants

bench: .venv/installed-bench
	$(BIN)/groundup bench

results: .venv/installed
	$(BIN)/python -m benchmarks.results $(RESULTS)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) .
	@touch $@

.venv/installed-dev: .venv/installed
	$(INSTALL) '.[reference,dev]'
	@touch $@

.venv/installed-docs: .venv/installed-dev
	$(INSTALL) '.[docs]'
	@touch $@

.venv/installed-bench: .venv/installed-dev
	$(INSTALL) '.[bench]'
	@touch $@
