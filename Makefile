# Needs Python 3.11 or newer with its venv module, and make; the targets install everything else, as
# an ordinary user, into .venv, .cache and the user's cache.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -Pm pip --disable-pip-version-check
# COMPILED=1 installs the compiled core: slower to build, twice as fast, and the same bytes come out.
STAMP := .venv/installed$(if $(COMPILED),-compiled)
COMPILED_FROM := $(if $(COMPILED),$(shell find riskgate topics pipeline ops/compiled -name '*.py'))
BUILT := $(CURDIR)/build/compiled
# Runs a module of this clone with the build in use; -P, or Python would find the sources first.
RUN := $(if $(COMPILED),PYTHONPATH=$(BUILT):$(CURDIR) $(BIN)/python -P,$(BIN)/python)
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
BASE ?= docker.io/library/python:3.11-slim
BUILD ?= $(if $(shell command -v podman),podman build,$(if $(shell command -v buildah),buildah bud,docker build))
TOOLS ?= .cache/tools
# What requirements.lock holds: all but what `make test-adapters` tests in an environment of its own.
EXTRAS := gate sessions fix test browser demo lint dashboard mutation build image
ADAPTERS := gate sessions fix test build parquet ccxt nautilus freqtrade

.DEFAULT_GOAL := help
.PHONY: help install jars tools demo test test-adapters test-connect compiled-tests site pythons attacks hostile bench soak scaling kills gaps chaos simulate mutants mutants-guards oracle fuzz audit console-load story repartition reach hops bench-peers bench-scale bench-checkpoint bench-model bench-sweep bench-install mutation lint format lock readme licences image sbom \
	check-deploy check-image check-server check-cluster check-operator \
	chart-readme dashboard check-alerts
.DELETE_ON_ERROR:

help:
	@echo "make install   riskgate in .venv, with exactly the versions of requirements.lock"
	@echo "make install COMPILED=1   the same with the core compiled; needs a C compiler"
	@echo "make demo      run the whole system on this machine with real market data"
	@echo "make test      run all tests, on a real Kafka where they need one"
	@echo "make site      build docs/ as a site that opens without a network, and check every link"
	@echo "make test-adapters  test the adapters beside ccxt, NautilusTrader and freqtrade themselves"
	@echo "make test-connect   carry decisions to Postgres with Kafka Connect; needs Postgres"
	@echo "make compiled-tests   compile the core, run its tests on it, compare its bytes with the pure one's"
	@echo "make attacks   run the tests with hostile input and ill-timed failures"
	@echo "make hostile   a million hostile records through ingest and risk; HOSTILE=10000 for fewer"
	@echo "make tools     build promtool and amtool with Go if this machine lacks them"
	@echo "make pythons   run the tests without a broker on Python 3.12 and 3.13, where they are"
	@echo "make fresh     run demo and tests as on a machine with only Python, make and git"
	@echo "make bench     measure throughput and latency against peers"
	@echo "make bench-peers  CPU and delay beside Kafka Streams, quixstreams and NautilusTrader, and the goals"
	@echo "make bench-scale  cost and memory with more accounts, positions, workers, history; recovery"
	@echo "make bench-checkpoint  how much a checkpoint of 10,000 accounts delays decisions"
	@echo "make bench-model  what up to a thousand partitions need, from what was measured"
	@echo "make bench-sweep  a hundred settings over a day of the demo, and each of them replayed alone"
	@echo "make bench-install  what the client alone takes: megabytes, and the time of its import"
	@echo "make hops      where each millisecond goes between a signal and its decision"
	@echo "make scaling   start and stop risk workers under load: what does a rebalance cost?"
	@echo "make kills     kill -9 risk workers at the worst moments, and count; DEATHS=1000 FREEZES=20 TWINS=20"
	@echo "make gaps      how long nothing is decided or stopped when a process or broker dies; ROLES=risk ONLY=kill SETS=2"
	@echo "make chaos     judge a deployment while faults hit it; FAULTS=60 SEED=7 BROKERS=3 SETS=2 RELEASES=1"
	@echo "make simulate  the workers themselves on a simulated Kafka, all from one seed; SEEDS=0:1000"
	@echo "make console-load  measure the console with 10,000 accounts that change twice a second"
	@echo "make story     film a stop of the demo from the pager to the archive; pictures in build/story"
	@echo "make oracle    random histories through riskgate and through a second model; SEEDS=0:20000"
	@echo "make fuzz      feed the decoders for a while, by coverage where atheris can be had; FUZZ_SECONDS=60 SEED=1"
	@echo "make audit     compare the list of the image's packages with its lock; ask for known vulnerabilities"
	@echo "make mutants-guards   does a test fail when a guard of the engine is taken out? ONLY=part of its words"
	@echo "make mutants   does a simulated world show each of some known mistakes? SEEDS=0:40"
	@echo "make repartition  double the partitions of many accounts, killed in the middle; ACCOUNTS=10000 PARTITIONS=24"
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

$(STAMP): requirements.lock pyproject.toml $(COMPILED_FROM)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "riskgate needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 install"; exit 2; }
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "Python cannot create a virtual environment; install the module with: apt-get install python3-venv"; exit 2; }
	@echo "Installing riskgate and its dependencies into .venv; this takes about a minute"
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	@$(if $(COMPILED),$(BIN)/python -m ops.compiled.build)
	@RISKGATE_COMPILED=$(COMPILED) $(PIP) install --quiet --no-deps --no-build-isolation \
		$(if $(COMPILED),--force-reinstall,--editable) .
	@rm -f .venv/installed*
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

COMPILED_TESTS := tests/risk tests/spec tests/replay tests/topics

# The compiled core has its tests beside it, or Python would find the sources first. Tests marked
# `interpreted` are left out: they replace a function that compiled code calls directly.
compiled-tests: install
	@$(BIN)/python -m ops.compiled.build
	@rm -rf $(BUILT)/tests && cp -r tests bench ops helm docs *.md *.toml *.lock Makefile $(BUILT)
	@cd $(BUILT) && $(CURDIR)/$(BIN)/pytest -n 2 --dist loadfile -m "not interpreted and not compiled" $(COMPILED_TESTS)
	@$(BIN)/pytest -m compiled tests/compiled

# Hostile input, a broken broker and ill-timed failures; most run on a real Kafka.
ATTACKS := tests/topics/test_nesting.py tests/topics/test_numbers.py tests/topics/test_fuzz.py \
	tests/topics/test_text.py tests/streams/admin/test_limits_file.py tests/streams/roles/decide/test_quarantine.py \
	tests/streams/roles/test_hostile.py tests/streams/engine/test_unreadable.py \
	tests/streams/observe/test_http_protocol.py tests/cli/test_terminal.py \
	tests/kafka/test_unreadable.py tests/kafka/test_gzip_bombs.py tests/kafka/test_operators.py tests/kafka/test_prices_topic.py \
	tests/kafka/test_faults.py tests/kafka/test_lost_records.py tests/risk/test_uninvited.py tests/streams/engine/test_ending.py tests/streams/roles/test_lives.py tests/streams/roles/ingest/test_floods.py tests/kafka/test_floods.py \
	$(wildcard tests/kafka/test_guards_*.py)

attacks: install jars
	@$(BIN)/pytest -n 2 --dist loadfile $(ATTACKS)

hostile: install
	@HOSTILE_RECORDS=$(or $(HOSTILE),1000000) $(BIN)/pytest -n 0 tests/streams/roles/test_hostile.py

# Adapters beside the real packages, which are heavy and choose versions of their own; `make test`
# does not collect these tests.
test-adapters: .cache/adapters/installed
	@.cache/adapters/bin/pytest -q tests/adapters $(TESTS)

# Kafka Connect's worker, whose jars are 35 MB, and a Postgres; `make test` does not collect these tests.
test-connect: install jars
	@$(BIN)/pytest -n 0 tests/connect

.cache/adapters/installed: requirements-adapters.lock pyproject.toml
	@echo "Installing ccxt, NautilusTrader, freqtrade and pyarrow into .cache/adapters; this takes about two minutes and 1.2 GB"
	@$(PYTHON) -m venv --clear .cache/adapters
	@.cache/adapters/bin/python -Pm pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements-adapters.lock
	@.cache/adapters/bin/python -Pm pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The site of docs/, from an environment of its own; it needs no network once it is built.
# A broken link fails it. mkdocs counts no warnings when it is told to be quiet.
site: install .cache/site/installed
	@$(BIN)/python -m ops.site
	@NO_MKDOCS_2_WARNING=1 .cache/site/bin/mkdocs build --strict
	@echo "Open build/site/html/index.html"

.cache/site/installed: requirements-site.lock
	@$(PYTHON) -m venv --clear .cache/site
	@.cache/site/bin/python -Pm pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements-site.lock
	@touch $@

pythons:
	tests/pythons.sh

fresh:
	tests/fresh/run.sh $(TESTS)

bench: install jars
	@$(if $(COMPILED),$(BIN)/python -m ops.compiled.build)
	$(RUN) -m bench

# About 12 minutes on a quiet machine; needs a JDK. With QUICK=1 it only shows that it works.
bench-peers: install jars
	$(BIN)/python -m bench.peers $(if $(QUICK),--quick)

# About eight minutes on a quiet machine. With QUICK=1 it only shows that it works. Some parts alone,
# and larger: make bench-scale PARTS="accounts history" ACCOUNTS="1000 1000000" EVENTS=10000000
bench-scale: install jars
	$(BIN)/python -m bench.scale $(if $(QUICK),--quick) $(if $(PURE),--pure) $(if $(PARTS),--parts $(PARTS)) \
		$(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(EVENTS),--events $(EVENTS))

# About two minutes on a quiet machine. With QUICK=1 it only shows that it works; PURE=1 compiles
# nothing first, here and above.
bench-checkpoint: install jars
	$(BIN)/python -m bench.checkpoint $(if $(QUICK),--quick) $(if $(PURE),--pure)

bench-model: install
	$(BIN)/python -m bench.model

# DAYS=20 takes a few minutes; without it, all 480 trading days of the demo are decided 201 times.
bench-sweep: install jars
	$(BIN)/python -m bench.sweep $(if $(DAYS),--days $(DAYS))

bench-install: install
	$(BIN)/python -m bench.install

hops: install jars
	$(BIN)/python -m bench.hops

soak: install jars
	$(BIN)/python -m bench.soak

scaling: install jars
	$(BIN)/python -m bench.scaling

kills: install jars
	$(BIN)/python -m bench.kills $(or $(DEATHS),1000) $(or $(FREEZES),20) $(or $(TWINS),20) $(or $(SEED),7)

gaps: install jars
	$(BIN)/python -m bench.gaps $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(RATE),--rate $(RATE)) $(if $(SETS),--sets $(SETS)) \
		$(if $(BROKERS),--brokers $(BROKERS)) $(if $(ROLES),--roles $(ROLES)) $(if $(ONLY),--faults "$(ONLY)")

chaos: install jars
	$(BIN)/python -m bench.chaos --faults $(or $(FAULTS),60) --seed $(or $(SEED),7) --brokers $(or $(BROKERS),1) \
		$(if $(RATE),--rate $(RATE)) --sets $(or $(SETS),1) $(if $(RELEASES),--releases)

simulate: install
	@$(BIN)/python -m tests.simulation $(or $(SEEDS),0:200)

# The demo takes about two minutes of it; needs Debian's chromium, prometheus and prometheus-alertmanager.
story: install jars
	@$(BIN)/python -m tests.browser.story

console-load: install jars
	$(BIN)/python -m bench.console_load

oracle: install
	@$(BIN)/python -m tests.oracle $(or $(SEEDS),0:1000)

# atheris has no package for some systems; then examples are changed by chance, which is said.
fuzz: install
	@$(PIP) install --quiet --upgrade --target .cache/fuzz --require-hashes -r requirements-fuzz.lock \
		|| echo "atheris cannot be had here"
	@PYTHONPATH=.cache/fuzz $(BIN)/python -m tests.fuzz $(or $(FUZZ_SECONDS),60) $(or $(SEED),1)

audit: install
	@$(BIN)/python -m ops.audit

# About ten minutes; with ONLY="a checkpoint" it takes only guards whose words hold that.
mutants-guards: install jars
	@$(BIN)/python -m tests.guards $(if $(ONLY),"$(ONLY)")

mutants: install
	@$(BIN)/python -m tests.simulation.mutants $(or $(SEEDS),0:40)

repartition: install jars
	$(BIN)/python -m tests.kafka.repartition_many $(or $(ACCOUNTS),10000) $(or $(PARTITIONS),24)

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
	$(BIN)/uv pip compile pyproject.toml $(addprefix --extra ,$(EXTRAS)) --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --upgrade --quiet \
		--custom-compile-command "make lock" --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra image --extra gate --extra sessions --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --constraint requirements.lock --quiet \
		--custom-compile-command "make lock" --output-file requirements-image.lock
	$(BIN)/uv pip compile pyproject.toml $(addprefix --extra ,$(ADAPTERS)) --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --upgrade --quiet \
		--custom-compile-command "make lock" --output-file requirements-adapters.lock
	$(BIN)/uv pip compile pyproject.toml --extra site --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --upgrade --quiet \
		--custom-compile-command "make lock" --output-file requirements-site.lock
	echo 'atheris==3.0.0 ; python_version < "3.14" and sys_platform == "linux"' | \
		$(BIN)/uv pip compile - --generate-hashes --no-emit-index-url --universal --python-version 3.11 --quiet \
		--custom-compile-command "make lock" --output-file requirements-fuzz.lock
	$(BIN)/python -m ops.audit --write
	$(BIN)/python -m pipeline.local.kafka_lock
	$(BIN)/python -m pipeline.local.kafka_lock bench/peers/streams_pom.xml bench/peers/streams_jars.lock
	$(BIN)/python -m pipeline.local.kafka_lock tests/connect/connect_pom.xml tests/connect/connect_jars.lock

readme: install
	$(BIN)/python -m tests.readme_tables

licences: install
	$(BIN)/python -m tests.licences

# Another base: make image BASE=registry.example.com/python:3.11-slim
image:
	$(BUILD) --build-arg BASE=$(BASE) --tag riskgate:$(VERSION) --file Containerfile .

# What the image is built with, and does not contain.
BUILD_ONLY := hatchling pathspec pluggy trove-classifiers setuptools mypy mypy-extensions librt ast-serialize

# Lists the same installation as in the image, without the packages of the base image.
sbom: $(TOOLS)/venv/bin/cyclonedx-py
	$(PYTHON) -m venv --clear .cache/sbom
	.cache/sbom/bin/pip install --quiet --no-deps --require-hashes -r requirements-image.lock
	.cache/sbom/bin/pip install --quiet --no-deps --no-build-isolation .
	.cache/sbom/bin/pip uninstall --yes --quiet $(BUILD_ONLY)
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
