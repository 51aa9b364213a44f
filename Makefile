# make demo   sets everything up and makes the sample company's scorecards
# make test   sets everything up and runs the fast tests
# Everything else is for people who change the program.

PYTHON ?= python3
BIN := .venv/bin
DEMO := demo

.PHONY: demo test setup system-libraries lint types imports conservation packaging pictures test-slow check bench \
        lock clean

demo: setup
	@$(PYTHON) tools/demo.py $(BIN)/scorecards $(DEMO)

test: setup
	$(BIN)/pytest -n 2 -m "not slow"

setup: system-libraries $(BIN)/.installed

system-libraries:
	@$(PYTHON) tools/system_libraries.py

$(BIN)/.installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

# each file in one process: its tests share what takes long to make
test-slow: setup
	@$(PYTHON) tools/system_libraries.py --for-slow-tests
	$(BIN)/pytest -n 2 --dist loadfile -m slow --durations=15

conservation: setup
	CONSERVATION_CASES=10000 $(BIN)/pytest -n 2 tests/faults/test_faults_conservation.py -m slow

# after a change of the layout that is meant; look at each picture that changes
pictures: setup
	RENEW_PICTURES=1 $(BIN)/pytest tests/reports/test_pictures.py -m slow

packaging: setup
	$(BIN)/pytest tests/packaging -m slow

check: lint types imports test test-slow

bench: setup
	$(BIN)/python -m benchmarks.run

lock:
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --strip-extras --allow-unsafe --extra dev -o requirements-dev.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --strip-extras --allow-unsafe -c requirements-dev.lock -o requirements.lock pyproject.toml

clean:
	rm -rf .venv $(DEMO) dist build
