# make install   everything that the demo and the tests need, in .venv
# make demo      fine-tune a sentiment classifier, audit it, print where the report lies
# make adult     the same for the second example: income, gradient boosting
# make solar     pictures: solar cells, and what is lost on cells of another kind
# make finetune  learning curves of full fine-tuning and of LoRA, about fifteen minutes
# make test      lint, types, import contracts, tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Models and data come from packages: nothing may reach for a hub.
demo adult solar finetune test test-slow bench: export HF_HUB_OFFLINE := 1
demo adult solar finetune test test-slow bench: export TOKENIZERS_PARALLELISM := false
# Two test processes on two cores: threads that wait for each other's cores cost more than they bring.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install prepare-demo prepare-adult prepare-solar demo adult solar finetune lint test test-slow bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

prepare-demo: install
	@$(BIN)/python examples/demo/prepare.py

prepare-adult: install
	@$(BIN)/python examples/adult/prepare.py

prepare-solar: install
	@$(BIN)/python examples/solar/prepare.py

demo: prepare-demo
	$(BIN)/audit run -c examples/demo/audit.yaml
	@echo
	@echo "report: $(CURDIR)/examples/demo/audit-report/report.html"

adult: prepare-adult
	$(BIN)/audit run -c examples/adult/audit.yaml
	@echo
	@echo "report: $(CURDIR)/examples/adult/audit-report/report.html"

solar: prepare-solar
	$(BIN)/audit run -c examples/solar/audit.yaml
	@echo
	@echo "report: $(CURDIR)/examples/solar/audit-report/report.html"

finetune: prepare-demo
	$(BIN)/audit run -c examples/demo/finetune-full.yaml
	$(BIN)/audit run -c examples/demo/finetune-lora.yaml
	@echo
	@echo "reports: $(CURDIR)/examples/demo/audit-report-full/report.html"
	@echo "         $(CURDIR)/examples/demo/audit-report-lora/report.html"

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint prepare-demo prepare-adult
	$(PYTEST)

test-slow: install prepare-demo prepare-adult prepare-solar
	$(PYTEST) -m slow

bench: install prepare-demo
	@set -e; for file in benchmarks/*.py; do echo "$$file"; $(BIN)/python "$$file"; done

# What was made, but not the environment: remove .venv by hand for that.
clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis .audit audit-report examples/*/.audit examples/*/audit-report* examples/*/work
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
