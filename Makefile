# Short names for what gmp_lab/setup_env.py does; without make, call that program (README.md says how).
#   make lab                                     set up and open JupyterLab on the first notebook
#   make lab LAB_ARGS="--no-browser --port=8899" with options of JupyterLab
#   make test TEST_ARGS="-k runqget"             everything that the continuous integration runs, or a part of it
#   NO_GO=1                                      leave the Go toolchain out
#   PYTHON=python3.12                            the Python that .venv is made from

PYTHON ?= python3
SETUP = $(PYTHON) gmp_lab/setup_env.py
export NO_GO

.DEFAULT_GOAL := help
.PHONY: help lab test setup lint bench notebooks compiled fidelity differential record fuzz doctor lock clean python

lab: python ## set up if needed, open JupyterLab on notebooks/00-start-here.ipynb
	@$(SETUP) lab -- $(LAB_ARGS)

test: python ## set up if needed, run everything that the continuous integration runs
	@$(SETUP) test -- $(TEST_ARGS)

setup: python ## install what the lock says, again if need be
	@$(SETUP) setup

lint: python ## ruff and mypy
	@$(SETUP) lint

bench: python ## benchmarks, as ratios; they decide no test
	@$(SETUP) bench -- $(TEST_ARGS)

notebooks: python ## execute the notebooks and store their outputs
	@$(SETUP) notebooks

fidelity: python ## the table of recorded experiments beside the simulation, into notebooks/reference
	@$(SETUP) fidelity

record: python ## every recorded result of real Go again (minutes; needs Go)
	@$(SETUP) record -- $(EXPERIMENTS)

differential: python ## N random programs (N=2000 SEED=1) on real Go and in the simulator; prints where they differ
	@$(SETUP) differential -- --programs $(or $(N),2000) --seed $(or $(SEED),1)

fuzz: python ## every reader against a fuzzer, for SECONDS=60 (Linux on x86_64)
	@$(SETUP) fuzz -- --seconds $(or $(SECONDS),60)

compiled: python ## make a copy with a compiled core in build/compiled, about twice as fast (needs a C compiler)
	@$(SETUP) compiled

doctor: python ## say what is installed and how to mend what is missing
	@$(SETUP) doctor

lock: ## compile requirements.lock from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv"; exit 1; }
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
		--extra lab --extra go --extra grade --extra test -o requirements.lock pyproject.toml

clean: ## remove .venv and everything else that these commands made
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## /  \1	/p' $(MAKEFILE_LIST) | expand -t 14

python: # one sentence in place of a traceback; setup_env.py needs at least 3.7 to say it itself
	@command -v "$(PYTHON)" >/dev/null || { echo "Set-up stopped: there is no $(PYTHON). Install Python 3.11 or newer, or name one: make lab PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 7))' || { echo "Set-up stopped: $(PYTHON) is too old: 3.11 or newer is needed. If you have one, name it: make lab PYTHON=python3.12" >&2; exit 1; }
