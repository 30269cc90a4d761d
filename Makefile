# make report: from a fresh clone to a page. make test: everything that must hold.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
OUT ?= report

# Words in the notebooks' outputs are compared by letter (numbers by value: notebooks/conftest.py), so no
# progress bar may leave a trace in them.
NBVAL := TQDM_DISABLE=1 PYTHONSAFEPATH=1 $(BIN)/pytest --nbval --nbval-current-env \
	--nbval-cell-timeout 300 --nbval-sanitize-with tests/nbval.cfg -n 2 --dist loadscope

# For benchmarks with a process a core: one thread each, or more threads than cores share the cores.
# PYTHONSAFEPATH: or numba takes benchmarks/coverage.py for the package coverage.
ALONE := TQDM_DISABLE=1 NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 PYTHONSAFEPATH=1

.PHONY: report test slow test-all lab bench calibrate coverage signatures explanations lint format cells notebooks clean help

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; $(PYTHON) is "+sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lab,test]'
	@mkdir -p $(VENV)/share/jupyter/lab/settings  # JupyterLab asks no news server, and no question about it
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}' \
		> $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $(STAMP)

report: $(STAMP)  ## The page for the bundled set, in ./report
	$(BIN)/embedding-second-opinion report sample:glyphs --strangers unknown --claimed 0.988 --out $(OUT)

test: $(STAMP)  ## Tests, notebooks, lint, types
	$(MAKE) --no-print-directory -j 3 lint warm-single warm-double  # side by side
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal --durations 15
	OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(NBVAL) notebooks  # a core each
	$(NBVAL) notebooks/overview.ipynb  # numbers do not hang on how many threads

warm-%: $(STAMP)
	TQDM_DISABLE=1 OMP_NUM_THREADS=1 $(BIN)/python -m tests.warm $*

slow: $(STAMP)  ## The tests that retrain networks
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow -n 2 --dist worksteal  # a core each

test-all: test slow  ## Everything

lint: $(STAMP)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)  ## Let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

cells: $(STAMP)  ## Write the notebooks' cells of parameters, after an option was added or changed
	$(BIN)/python tests/execute_notebooks.py --cells

notebooks: $(STAMP)  ## Execute the notebooks in place, to be committed with their outputs
	$(BIN)/python tests/execute_notebooks.py

lab: $(STAMP)  ## JupyterLab on the notebooks
	@$(BIN)/jupyter trust notebooks/*.ipynb > /dev/null  # or JupyterLab shows no figure until a cell has run
	$(BIN)/jupyter lab --notebook-dir notebooks

bench: $(STAMP)  ## Time and memory beside what a user would take instead (BASE=PATH: and another checkout)
	TQDM_DISABLE=1 $(BIN)/python benchmarks/passes.py
	TQDM_DISABLE=1 $(BIN)/python -m benchmarks.checks $(if $(BASE),--against $(BASE))
	TQDM_DISABLE=1 $(BIN)/python benchmarks/report.py

calibrate: $(STAMP)  ## How often each diagnostic is right, over many seeds (half an hour and more)
	$(ALONE) $(BIN)/python benchmarks/calibrate.py

coverage: $(STAMP)  ## How often each interval holds the truth, over 2,000 sets a design (twenty minutes)
	$(ALONE) $(BIN)/python benchmarks/coverage.py
	$(ALONE) $(BIN)/python -m benchmarks.growth

signatures: $(STAMP)  ## How often each known bug is named, and correct code accused, over 200 seeds (half an hour)
	for each in signatures curves claims metrics_audit; do \
		$(ALONE) $(BIN)/python -m benchmarks.$$each || exit 1; done

explanations: $(STAMP)  ## How often largest step, top cause and best remedy are the planted ones, over 200 seeds (an hour and a half)
	$(ALONE) $(BIN)/python -m benchmarks.attribution
	$(ALONE) $(BIN)/python -m benchmarks.comparison

clean:  ## Remove what was made
	rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache
