# Needs Python 3.11 or newer with its venv module, and make; the targets install everything else, as
# an ordinary user, into .venv, .cache and the user's cache.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -Pm pip --disable-pip-version-check
STAMP := .venv/installed
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
BASE ?= docker.io/library/python:3.11-slim
BUILD ?= $(if $(shell command -v podman),podman build,$(if $(shell command -v buildah),buildah bud,docker build))
TOOLS ?= .cache/tools

.DEFAULT_GOAL := help
.PHONY: help install jars tools demo test pythons attacks hostile bench soak scaling kills gaps chaos reach mutation lint format lock readme licences image sbom \
	check-deploy check-image check-server check-cluster check-operator \
	chart-readme dashboard check-alerts
.DELETE_ON_ERROR:

help:
	@echo "make install   riskgate in .venv, with exactly the versions of requirements.lock"
	@echo "make demo      run the whole system on this machine with real market data"
	@echo "make test      run all tests, on a real Kafka where they need one"
	@echo "make attacks   run the tests with hostile input and ill-timed failures"
	@echo "make hostile   a million hostile records through ingest and risk; HOSTILE=10000 for fewer"
	@echo "make tools     build promtool and amtool with Go if this machine lacks them"
	@echo "make pythons   run the tests without a broker on Python 3.12 and 3.13, where they are"
	@echo "make fresh     run demo and tests as on a machine with only Python, make and git"
	@echo "make bench     measure throughput and latency against peers"
	@echo "make scaling   start and stop risk workers under load: what does a rebalance cost?"
	@echo "make kills     kill risk workers at random under load; KILLS=100 FREEZES=5 for fewer"
	@echo "make gaps      how long nothing is decided when a process dies, with one replica set and two"
	@echo "make chaos     judge a deployment while faults hit it; FAULTS=60 SEED=7 BROKERS=3"
	@echo "make reach     measure how soon changed limits reach idle accounts"
	@echo "make soak      run a million events through one worker and watch its memory"
	@echo "make mutation  does a test fail when pipeline/risk is wrong? SAMPLE=200 tries 200 mutants"
	@echo "make lint      check style, types and format"
	@echo "make format    format the code"
	@echo "make readme    regenerate the tables of README and docs from the code"
	@echo "make licences  regenerate docs/licences.md from the locks and installed packages"
	@echo "make image     build the image riskgate:$(VERSION) with podman, buildah or docker"
	@echo "make sbom      list the contents of that image as CycloneDX"
	@echo "make check-deploy   check the chart as far as possible without a cluster"
	@echo "make check-alerts   run real roles, Prometheus and Alertmanager: who is paged, and when?"
	@echo "make dashboard regenerate the Grafana dashboard from the code"
	@echo "make check-image    run the chart's pods as containers of that image on a real Kafka"
	@echo "make check-server   test the chart on a real API server: install, upgrade, roll back, reject"
	@echo "make check-cluster  test rollout, drain and spread with real controllers and simulated nodes"
	@echo "make check-operator  test the chart with the Prometheus operator"
	@echo "make lock      update the locks to the newest versions that pyproject.toml and Kafka's pom allow"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "riskgate needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 install"; exit 2; }
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "Python cannot create a virtual environment; install the module with: apt-get install python3-venv"; exit 2; }
	@echo "Installing riskgate and its dependencies into .venv; this takes about a minute"
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

jars: install
	@$(BIN)/python -m pipeline.local.kafka_jars

# For the tests of the alerts, which are skipped if neither the tools nor Go are installed.
tools:
	@tests/alerts/tools.sh

demo: install jars
	@$(BIN)/riskgate demo

test: install jars
	@tests/alerts/tools.sh --if-needed
	@$(BIN)/pytest -n 2 --dist loadfile $(TESTS)

# Hostile input, a broken broker and ill-timed failures; most run on a real Kafka.
ATTACKS := tests/topics/test_nesting.py tests/topics/test_numbers.py tests/topics/test_fuzz.py \
	tests/topics/test_text.py tests/streams/admin/test_limits_file.py tests/streams/roles/decide/test_quarantine.py \
	tests/streams/roles/test_hostile.py tests/streams/engine/test_unreadable.py \
	tests/streams/observe/test_http_protocol.py tests/cli/test_terminal.py \
	tests/kafka/test_unreadable.py tests/kafka/test_gzip_bombs.py tests/kafka/test_operators.py tests/kafka/test_prices_topic.py \
	tests/kafka/test_faults.py tests/kafka/test_lost_records.py \
	$(wildcard tests/kafka/test_guards_*.py)

attacks: install jars
	@$(BIN)/pytest -n 2 --dist loadfile $(ATTACKS)

hostile: install
	@HOSTILE_RECORDS=$(or $(HOSTILE),1000000) $(BIN)/pytest -n 0 tests/streams/roles/test_hostile.py

pythons:
	tests/pythons.sh

fresh:
	tests/fresh/run.sh $(TESTS)

bench: install jars
	$(BIN)/python -m bench

soak: install jars
	$(BIN)/python -m bench.soak

scaling: install jars
	$(BIN)/python -m bench.scaling

kills: install jars
	$(BIN)/python -m bench.kills $(or $(KILLS),1000) $(or $(FREEZES),20)

gaps: install jars
	$(BIN)/python -m bench.gaps $(or $(ROUNDS),3)

chaos: install jars
	$(BIN)/python -m bench.chaos $(or $(FAULTS),60) $(or $(SEED),7) $(or $(BROKERS),1)

reach: install jars
	$(BIN)/python -m bench.reach

# Takes many hours without SAMPLE; results are kept until mutants/ is deleted.
mutation: install
	nice -n 15 $(BIN)/python -m bench.mutation $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: install
	$(BIN)/uv pip compile pyproject.toml --all-extras --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --upgrade --quiet \
		--custom-compile-command "make lock" --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra image --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --constraint requirements.lock --quiet \
		--custom-compile-command "make lock" --output-file requirements-image.lock
	$(BIN)/python -m pipeline.local.kafka_lock

readme: install
	$(BIN)/python -m tests.readme_tables

licences: install
	$(BIN)/python -m tests.licences

# Another base: make image BASE=registry.example.com/python:3.11-slim
image:
	$(BUILD) --build-arg BASE=$(BASE) --tag riskgate:$(VERSION) --file Containerfile .

# Lists the same installation as in the image, without the packages of the base image.
sbom: $(TOOLS)/venv/bin/cyclonedx-py
	$(PYTHON) -m venv --clear .cache/sbom
	.cache/sbom/bin/pip install --quiet --no-deps --require-hashes -r requirements-image.lock
	.cache/sbom/bin/pip install --quiet --no-deps --no-build-isolation .
	.cache/sbom/bin/pip uninstall --yes --quiet hatchling pathspec pluggy trove-classifiers setuptools
	mkdir -p build
	$(TOOLS)/venv/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file build/sbom.cdx.json .cache/sbom

$(TOOLS)/venv/bin/cyclonedx-py:
	test -x $(TOOLS)/venv/bin/pip || $(PYTHON) -m venv $(TOOLS)/venv
	$(TOOLS)/venv/bin/pip install --quiet cyclonedx-bom==7.5.0

# Builds helm and other tools with Go, once, if they are missing.
check-deploy:
	tests/chart/tools.sh
	tests/chart/check.sh

# Runs the chart's pods as containers of that image on a real Kafka; needs podman.
check-image: install jars
	HELM=$(TOOLS)/bin/helm $(BIN)/python -m tests.chart.containers

# The chart on a real API server.
check-server:
	tests/chart/tools.sh server
	tests/chart/with_server.sh tests/chart/server.sh

# In a cluster whose nodes are simulated by kwok.
check-cluster: install
	tests/chart/tools.sh cluster
	ACCOUNTS=1 tests/chart/with_server.sh tests/chart/with_nodes.sh \
		$(BIN)/python -m tests.chart.cluster

# The Prometheus operator itself, on that cluster.
check-operator: install
	tests/chart/tools.sh operator
	ACCOUNTS=1 tests/chart/with_server.sh tests/chart/with_nodes.sh \
		$(BIN)/python -m tests.chart.operator

chart-readme:
	$(TOOLS)/bin/helm-docs --chart-search-root helm --log-level warning

# Needs Debian's prometheus and prometheus-alertmanager.
check-alerts: install jars
	$(BIN)/python -m ops.check_alerts

dashboard: install
	$(BIN)/python -m ops.dashboard
