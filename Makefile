# GNU make. Needs a Rust toolchain; the rest is installed by what needs it.
.DEFAULT_GOAL := help
.PHONY: help build demo test soak test-matrix peers bench lint clean-state

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

build: ## The binary, in target/debug
	cargo build --locked

demo: ## An image from a commit to a registry, shown (KEEP=1: left running)
	@scripts/demo

test: ## All tests, on an engine of their own (TEST=name: those alone)
	@scripts/test $(TEST)

soak: ## A thousand builds leave an engine as ten do (RUNS=n: so many)
	@scripts/soak $(RUNS)

test-matrix: ## The main job's tests on each engine that many run
	@scripts/test-matrix

peers: ## What skopeo, hadolint, container-structure-test, zizmor and others say of the same things
	@scripts/peers

bench: ## Times, beside those of the docker client and of skopeo
	@scripts/bench

lint: ## Format, clippy, documentation, licences
	@.ci/run lint

clean-state: ## Stop and delete all that the scripts started
	@scripts/clean-state
