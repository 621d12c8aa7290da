# make run      installs what is missing, builds, serves on http://127.0.0.1:8080 with data in ./carillon.db
# make test     installs what the tests need, builds and runs them all
# make help     the rest
SHELL := /bin/bash
JOBS ?= $(shell nproc)
VENV := build/venv

UI := modules/web/ui
NODE := build/node
PLAYWRIGHT := NODE_PATH="$(CURDIR)/$(UI)/node_modules" "$(CURDIR)/$(NODE)/bin/node" "$(CURDIR)/$(UI)/node_modules/@playwright/test/cli.js"
NPM := PATH="$(CURDIR)/$(NODE)/bin:$$PATH" npm --prefix $(UI)

.PHONY: run build ui dev test-ui screenshots test deps test-deps configure asan tsan lint tidy format bench bench-cluster e2e e2e-all kafka-deps cluster-deps cluster-up cluster-status \
        cluster-down charts k8s verify-all clean help

run: build  ## build and serve
	build/release/carillon serve

build: deps ui configure  ## the release binary: build/release/carillon
	@ninja -C build/release -j $(JOBS) carillon

ui: $(UI)/dist/index.html  ## the page, as it is built into the binary

dev: $(UI)/node_modules/.package-lock.json  ## the page with hot reload, against a running server
	$(NPM) run api
	$(NPM) run dev

test-ui: build test-deps  ## the page: types, lint, logic, and Chromium against the release binary
	$(NPM) run check
	$(NPM) test
	cd test/browser && $(PLAYWRIGHT) test

screenshots: build test-deps  ## every page at three widths into docs/images, and more of them into build/screenshots
	cd test/browser && $(PLAYWRIGHT) test --config screenshots/screenshots.config.ts

$(NODE)/ready: $(UI)/node.txt
	@cmake/install-packages cmake/packages.txt
	/usr/bin/python3 -m venv $(NODE)
	$(NODE)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json $(NODE)/ready
	$(NPM) ci --no-fund --no-audit
	@touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.package-lock.json docs/api/openapi.yaml $(shell git ls-files $(UI))
	$(NPM) run api
	$(NPM) run build
	@touch $@

test: deps ui test-deps kafka-deps configure  ## every test
	ninja -C build/release -j $(JOBS)
	ctest --test-dir build/release --output-on-failure --no-tests=error -LE cluster
	@echo "Not run here: what needs a real Dapr and a Kafka broker (make e2e)."

deps:
	@cmake/install-packages cmake/packages.txt

test-deps: $(VENV)/ready
	@cmake/install-packages test/packages.txt

$(VENV)/ready: test/requirements.txt
	@cmake/install-packages test/packages.txt
	/usr/bin/python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r test/requirements.txt
	@touch $@

configure: build/release/build.ninja

build/%/build.ninja: | deps
	cmake --preset $*

asan: deps ui test-deps kafka-deps build/asan/build.ninja  ## every test but the cluster's, under address and undefined behaviour sanitizers
	ninja -C build/asan -j $(JOBS)
	ctest --test-dir build/asan --output-on-failure --no-tests=error -LE 'cluster|guide'

tsan: deps ui test-deps build/tsan/build.ninja  ## where threads meet, under the thread sanitizer
	ninja -C build/tsan -j $(JOBS) carillon test_db test_events test_http test_websocket
	ctest --test-dir build/tsan --output-on-failure --no-tests=error -R '^(postgres_.*|db|events|http|websocket)$$'

lint: deps test-deps configure  ## formatting and house rules
	test/lint/run

tidy: deps test-deps configure  ## clang-tidy's short list
	test/lint/tidy

format:
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

bench: build test-deps  ## figures as ratios to a limit measured in the same run
	$(VENV)/bin/python test/bench/run.py
	ninja -C build/release -j $(JOBS) audit_log
	build/release/test/audit_log
	cd test/browser && $(PLAYWRIGHT) test --config bench/bench.config.ts

E2E := CARILLON_TEST_BIN=$(CURDIR)/build/release/carillon $(CURDIR)/$(VENV)/bin/python -m pytest -v -p no:cacheprovider
e2e: build cluster-deps  ## the story and two short faults behind real Dapr, Kafka and PostgreSQL, with two replicas
	ninja -C build/release -j $(JOBS) test_dapr_contract
	ctest --test-dir build/release --output-on-failure --no-tests=error -L cluster
	cd test && $(E2E) e2e -m 'not long'

e2e-all: build cluster-deps  ## every fault, minutes each
	cd test && $(E2E) e2e

bench-cluster: build cluster-deps  ## 100,000 events and 10,000 bells through the real parts: build/bench/pipeline.json
	PYTHONPATH=test/support:test/cluster $(VENV)/bin/python test/bench/pipeline.py

kafka-deps: test-deps
	@cmake/install-packages test/cluster/packages.txt
	@test/cluster/deps kafka

cluster-deps: test-deps  ## builds Dapr and a Kafka broker, once, into the user's cache; cold about five minutes
	@cmake/install-packages test/cluster/packages.txt
	@test/cluster/deps

cluster-up: build cluster-deps  ## two replicas behind Dapr, Kafka, PostgreSQL and a proxy: build/cluster/endpoints.json
	@PYTHONPATH=test/support $(VENV)/bin/python test/cluster/cluster.py up

cluster-status cluster-down: cluster-%: test-deps  ## whether its parts run; stops it and removes its data
	@PYTHONPATH=test/support $(VENV)/bin/python test/cluster/cluster.py $*

verify-all: test asan tsan lint tidy test-ui bench e2e-all bench-cluster charts k8s  ## everything, long

k8s: test-deps  ## a real one-node Kubernetes: image, installation from nothing, validation, refusals, faults under load
	@test/k8s/run $(TESTS)

charts: test-deps  ## the chart and every manifest of deploy/, without a cluster: lint, strict schemas, and mistakes that they must find
	@test/cluster/k8s/kit build apt helm kubeconform linters crds schemas
	@$(VENV)/bin/python test/deploy/charts

DEPLOY := deploy/scripts
setup-dapr setup-strimzi deploy-phase-v validate-phase-v:  ## a step by itself, into the current Kubernetes cluster
	$(DEPLOY)/$@.sh

deploy: deploy-phase-v  ## Dapr, Kafka, PostgreSQL and Carillon into the current Kubernetes cluster (or a Minikube it starts)
validate: validate-phase-v  ## the health of every part there, then the main job as a user

undeploy:  ## removes Carillon there; its data stays
	$(DEPLOY)/teardown.sh

ENGINE ?= $(firstword $(foreach engine,docker podman buildah,$(if $(shell command -v $(engine)),$(engine))))
IMAGE ?= carillon:0.1.0
# Podman and buildah date the files by --timestamp, and drop the health check from images of their own format.
image: EPOCH = $(shell git log -1 --format=%ct)
image:  ## the image, with docker, podman or buildah (ENGINE), under the name IMAGE
	SOURCE_DATE_EPOCH=$(EPOCH) $(ENGINE) build -f deploy/docker/Dockerfile -t $(IMAGE) $(if $(filter podman buildah,$(ENGINE)),--format docker --timestamp $(EPOCH)) \
	  --build-arg SOURCE_DATE_EPOCH=$(EPOCH) --build-arg REVISION=$(shell git rev-parse HEAD) --build-arg CREATED=$(shell date -u -d @$(EPOCH) +%Y-%m-%dT%H:%M:%SZ) .

port-forward:  ## the page of that cluster at http://localhost:8080
	kubectl -n $${NAMESPACE:-carillon} port-forward service/$${RELEASE:-carillon} 8080:http

logs:  ## what its replicas say
	kubectl -n $${NAMESPACE:-carillon} logs -f -l app.kubernetes.io/name=carillon -c carillon --tail=50 --prefix

.PHONY: setup-dapr setup-strimzi deploy-phase-v validate-phase-v deploy validate undeploy image port-forward logs

clean:
	rm -rf build

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
