# make help lists the targets. Each sets itself up (scripts/setup) and says what cannot be had.
.DEFAULT_GOAL := help
include scripts/environment
.PHONY: help build demo lab lab-assets test bench soak swap clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## build everything (Release)
	@scripts/setup build
	@dotnet build ExpEther.slnx -c Release -v q --nologo

demo: ## one SR-IOV device shared by three hosts at once, all separate processes: used, moved, verified
	@scripts/setup demo
	@./expether demo

lab: ## virtual machines of stock Linux that share one device, to work in and to break (docs/lab.md); `./expether lab down` ends it
	@scripts/setup lab
	@./expether lab up

lab-assets: ## QEMU, a kernel and an initramfs for stock Linux guests, in artifacts/lab; a minute the first time
	@scripts/setup lab-assets

test: ## build and run every test; ends with "N passed, N failed, N skipped"
	@scripts/test

bench: ## measure the path against the alternatives (root, an idle machine, some four minutes)
	@scripts/setup bench
	@./expether bench

soak: ## ten minutes of work, with memory, descriptors and threads flat
	@scripts/setup test
	@dotnet build tests/ExpEther.Cli.Tests -c Release -v q --nologo
	@EXPETHER_SOAK_MINUTES=10 tests/ExpEther.Cli.Tests/bin/Release/net10.0/ExpEther.Cli.Tests \
		-noLogo -diagnostics -class ExpEther.Cli.Tests.Soak.SoakTests

swap: ## write the real bytes in docs/explanation/the-swap.md anew
	@scripts/setup demo
	@scripts/the-swap

clean: ## remove what builds made
	@rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj
