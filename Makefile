# lab: open the lessons · demo: train for a minute · test: guard a change · test-all: what test leaves out
.DEFAULT_GOAL := help
.PHONY: help lab demo test test-all test-lessons test-browser test-standin test-gpu test-colab test-colab-all notebooks exercises badges format
SHELL := /bin/bash

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
HEADLESS := $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname)),,--no-browser)
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## /\1\t/p' Makefile | expand -t 18

lab: .venv/lab ## open the lessons in JupyterLab
	$(BIN)/jupyter lab $(HEADLESS) $(AS_ROOT) --log-level=WARN \
		--LabApp.default_url=/lab/tree/notebooks/01_padding_and_filters.ipynb

demo: .venv/lab ## train for about a minute on the embedded digits, write digits.png
	@rm -rf build/demo
	$(BIN)/gan-course train mnist --source embedded --steps 600 --out build/demo
	$(BIN)/gan-course generate build/demo --out digits.png

test: .venv/test ## guard a change: style, types, the library, every notebook (8 minutes on two cores)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/environment.py --check
	$(BIN)/python tools/lessons.py --check
	$(BIN)/python -m pytest -q -n 3 --dist worksteal -m "not thorough" tests
	$(MAKE) test-lessons

test-all: .venv/test ## what test leaves out: kills, sandbox, browser, Colab's versions, a GPU's arithmetic
	$(BIN)/python -m pytest -q -n 3 --dist worksteal -rs -m thorough tests
	$(MAKE) test-browser
	$(MAKE) test-standin
	$(MAKE) test-colab

test-lessons: .venv/test ## run every lesson and exercise and compare the outputs
	GAN_COURSE_FULL=0 $(BIN)/python -m pytest -q -n 3 --dist loadfile -p tests.nbval_strict \
		--nbval --nbval-current-env notebooks solutions exercises

test-browser: .venv/test ## move every widget in JupyterLab in Chromium; pictures in build/browser
	$(BIN)/python -m pytest -q -rs tests/browser

test-standin: .venv/test ## run the lessons on a processor that computes as a GPU does
	$(BIN)/python tools/gpu_standin.py

test-gpu: ## run the lessons on this machine's GPU, in the Python that is active (docs/colab.md)
	@python tools/gpu.py

test-colab: .venv/test ## run the lessons on Colab's versions, where found
	$(BIN)/python tools/colab.py 3.13

test-colab-all: .venv/test ## the same on Python 3.12 too
	$(BIN)/python tools/colab.py 3.13 3.12

notebooks: .venv/test ## run all lessons and renew their outputs (FULL=1: those of the training too)
	$(BIN)/python tools/notebooks.py $(if $(FULL),--full)

exercises: .venv/test ## make exercises/ from solutions/, and prove them
	$(BIN)/gan-course release

badges: .venv/test ## write REPO=owner/name, or the git remote's, into every badge and set-up cell
	$(BIN)/python tools/stamp.py $(REPO)

format: .venv/test ## format the code, notebooks included
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

environment.yml: pyproject.toml .venv/test
	$(BIN)/python tools/environment.py

.venv/%: pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "found no Python 3.11, 3.12 or 3.13: install one from python.org"; exit 1; }
	@echo "Installing into .venv; the first time this takes a few minutes."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --editable '.[$(subst test,lab$(comma)test$(comma)instructor,$*)]'
	@touch $@ .venv/lab

comma := ,
