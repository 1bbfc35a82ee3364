# Needs Python 3.11 or newer with its venv module, and make; the targets fetch the rest themselves, as
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
.PHONY: help install jars tools demo test attacks hostile bench soak scaling reach mutation lint format lock readme licences image sbom \
	check-deploy check-image check-server check-cluster check-operator \
	chart-readme dashboard check-alerts
.DELETE_ON_ERROR:

help:
	@echo "make install   .venv with riskgate in it, exactly as requirements.lock says"
	@echo "make demo      the whole system on this machine, with real market data"
	@echo "make test      the whole test suite, a real Kafka included"
	@echo "make attacks   what hostile records, batches, requests and a bad moment can do"
	@echo "make hostile   a million hostile records through ingest and risk; HOSTILE=10000 for fewer"
	@echo "make tools     promtool and amtool, built with Go, for machines that do not have them"
	@echo "make fresh     demo and tests as on a machine with nothing but Python, make and git"
	@echo "make bench     throughput and latency, measured against peers"
	@echo "make scaling   risk workers come and go under load: nothing lost, and what a move costs"
	@echo "make reach     how soon a change of limits reaches accounts that say nothing"
	@echo "make soak      a million events through one worker, its memory watched"
	@echo "make mutation  is every line of pipeline/risk watched by a test; SAMPLE=200 asks 200 of them"
	@echo "make lint      style, types and format"
	@echo "make format    put the code into the house format"
	@echo "make readme    the tables of README and docs, from the code"
	@echo "make licences  docs/licences.md, from the locks and what is installed"
	@echo "make image     the container image riskgate:$(VERSION), with podman, buildah or docker"
	@echo "make sbom      what is in that image, as CycloneDX"
	@echo "make check-deploy   everything that can be said of the chart without a cluster"
	@echo "make check-alerts   real roles, Prometheus and Alertmanager: who is called, and when"
	@echo "make dashboard the dashboard of Grafana, from the code"
	@echo "make check-image    the chart's pods as containers of that image, on a real Kafka"
	@echo "make check-server   the chart on a real API server: install, upgrade, roll back, refuse"
	@echo "make check-cluster  real controllers and scheduler, pretended nodes: rollout, drain, spread"
	@echo "make check-operator  what the Prometheus operator makes of the chart"
	@echo "make lock      newest versions that pyproject.toml and Kafka's pom allow, into the locks"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "riskgate needs Python 3.11 or newer; name one with: make PYTHON=python3.12 install"; exit 2; }
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "Python cannot make a virtual environment; install it with: apt-get install python3-venv"; exit 2; }
	@echo "Installing riskgate and what it needs into .venv: about a minute"
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

jars: install
	@$(BIN)/python -m pipeline.local.kafka_jars

# For the tests of the alerts; those are skipped where there is neither a package of them nor Go.
tools:
	@tests/alerts/tools.sh

demo: install jars
	@$(BIN)/riskgate demo

test: install jars
	@tests/alerts/tools.sh --if-needed
	@$(BIN)/pytest -n 2 --dist loadfile $(TESTS)

# What strangers, a broken broker and a bad moment can do; most of it on a real Kafka.
ATTACKS := tests/topics/test_nesting.py tests/topics/test_numbers.py tests/topics/test_fuzz.py \
	tests/topics/test_text.py tests/streams/admin/test_limits_file.py tests/streams/roles/decide/test_quarantine.py \
	tests/streams/roles/test_hostile.py tests/streams/engine/test_unreadable.py \
	tests/streams/observe/test_http_protocol.py tests/cli/test_terminal.py \
	tests/kafka/test_unreadable.py tests/kafka/test_operators.py tests/kafka/test_prices_topic.py \
	tests/kafka/test_faults.py tests/kafka/test_lost_records.py \
	$(wildcard tests/kafka/test_guards_*.py)

attacks: install jars
	@$(BIN)/pytest -n 2 --dist loadfile $(ATTACKS)

hostile: install
	@HOSTILE_RECORDS=$(or $(HOSTILE),1000000) $(BIN)/pytest -n 0 tests/streams/roles/test_hostile.py

fresh:
	tests/fresh/run.sh $(TESTS)

bench: install jars
	$(BIN)/python -m bench

soak: install jars
	$(BIN)/python -m bench.soak

scaling: install jars
	$(BIN)/python -m bench.scaling

reach: install jars
	$(BIN)/python -m bench.reach

# Many hours without SAMPLE; what was killed stays so until mutants/ is deleted.
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

# The same installation as in the image; what the base brings is not in it.
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

# It builds helm and others with Go when they are missing, once.
check-deploy:
	tests/chart/tools.sh
	tests/chart/check.sh

# The chart's pods as containers of that image on a real Kafka; with podman.
check-image: install jars
	HELM=$(TOOLS)/bin/helm $(BIN)/python -m tests.chart.containers

# The chart on a real API server.
check-server:
	tests/chart/tools.sh server
	tests/chart/with_server.sh tests/chart/server.sh

# And in a cluster whose nodes kwok pretends.
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
