# edgeward: everything one does with a clone. `make` alone lists it. Needs Go and bash.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

# Both fail in a tarball and in a repository without a commit.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  ?= $(shell git rev-parse --verify --quiet HEAD 2>/dev/null || echo unknown)

DESTDIR ?=
PREFIX  ?= /usr
SYSCONF ?= /etc
DOCDIR   = $(PREFIX)/share/doc/edgeward
MANDIR   = $(PREFIX)/share/man
UNITDIR  = $(PREFIX)/lib/systemd/system
# Where zsh looks on Debian; elsewhere it is zsh/site-functions.
ZSHDIR  ?= $(PREFIX)/share/zsh/vendor-completions

# Packages are built elsewhere, so as not to disturb whoever uses bin/.
BINARY ?= bin/edgeward
DOCS   ?= bin/docs
# Of packages: deb, rpm and tar are for Linux on GOARCH, amd64 or arm64.
GOARCH ?= $(shell go env GOARCH)

# Go compiles a package anew for each set of flags, and the daemon, the API server, the demo and the
# tests share hundreds. So all are built without cgo and with no flag that changes the compilation,
# but for packages, which RELEASE=1 makes free of the builder's paths and of what only debuggers read.
export CGO_ENABLED = 0
RELEASE ?=
# The version is stamped here and not by Go, which fails where git distrusts the directory.
FLAGS   = -buildvcs=false$(if $(RELEASE), -trimpath)
LDFLAGS = $(if $(RELEASE),-s -w) -X main.version=$(VERSION) -X main.commit=$(COMMIT)
# Before a command that runs here and now, whatever GOARCH is built for.
HERE = GOOS= GOARCH=

FUZZTIME ?= 30s

# The race detector needs cgo and so a C compiler; without one the tests still run.
RACE := $(if $(shell command -v $$(go env CC)),-race)
CGO   = $(if $(RACE),CGO_ENABLED=1)

# Says how far a cold build is, which takes minutes. What it compiled, the next command finds in go's
# cache.
COMPILE = $(CURDIR)/test/compile.sh

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: build
build: $(BINARY) ## bin/edgeward: one static binary, its version from git

# Go knows better than make whether anything changed, so it is always asked.
$(BINARY): FORCE
	@$(COMPILE) $(FLAGS) .
	go build $(FLAGS) -ldflags '$(LDFLAGS)' -o $@ .

# The man page and the shells' completions.
.PHONY: docs
docs:
	$(HERE) go run $(FLAGS) -ldflags '$(LDFLAGS)' ./internal/cli/docs $(DOCS)

# The race detector watches the tests in which edgeward's own code runs. Those in test/ run it as a
# process, and only the emulators are their own: make test-faults watches these.
# -vet=off, as go vet has looked already; -count=1, as a cached result would not notice that the
# programs in bin/ have changed.
.PHONY: test
test: build bin/kube-apiserver bin/etcd ## every test, the real Kubernetes API server included
	$(if $(RACE),,@echo 'no C compiler (gcc): testing without the race detector')
	go vet ./...
	@$(CGO) $(COMPILE) -test $(RACE) ./...
	$(CGO) go test -vet=off $(RACE) -timeout 20m ./...
	cd test && go vet ./...
	@cd test && $(COMPILE) -test ./...
	cd test && go test -vet=off -count=1 -timeout 30m ./...
	cd monitoring && go vet ./... && go test -vet=off ./...

.PHONY: lint
lint: bin/staticcheck ## gofmt, go vet and staticcheck, silent where all is well
	@unformatted=$$(gofmt -l .); \
		if [ -n "$$unformatted" ]; then printf 'not gofmted:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...
	bin/staticcheck ./...
	cd test && go vet ./... && ../bin/staticcheck ./...
	cd monitoring && ../bin/staticcheck ./...

.PHONY: demo
demo: bin/kube-apiserver bin/etcd build ## the daemon at work on this machine, CDN=vultr (default) or edgio; ONCE=1: unattended
	@cd test && $(COMPILE) ./demo && go build $(FLAGS) -o ../bin/demo ./demo && ../bin/demo $(if $(ONCE),-once) $(if $(CDN),-cdn $(CDN))

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@grep -rEo --include='*_test.go' --exclude-dir=test '^func Fuzz[[:alnum:]_]+' . | \
	sed 's|/[^/]*:func | |' | \
	while read -r dir name; do \
		echo "$$dir $$name"; \
		go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) "$$dir"; \
	done

# Chosen anew each time, and printed: -seed N shows what happened in one of them.
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom)

.PHONY: simulate
simulate: ## 10,000 simulated weeks of faults, crashes and churn; SEED=N for the first of them
	go test ./internal/syncer -run '^TestSimulation$$' -v -timeout 4h -simulations 10000 -first-seed $(strip $(SEED))

.PHONY: test-faults
test-faults: build bin/kube-apiserver bin/etcd ## the long form of the tests with faults and kill -9, about half an hour
	@cd test && $(CGO) $(COMPILE) -test $(RACE) ./e2e
	cd test && $(CGO) go test $(RACE) ./e2e -count=1 -v -timeout 2h -thorough \
		-run '^Test(CrashAnywhere|CrashAnywhereVultrCDN|ProviderFaults|ProviderFaultsVultrCDN|RefusedObject|RevokedKey|Churn|RapidChanges|Outage|WrongConfiguration|ForbiddenResource|RotatedCredentials)$$' | grep -v '^    daemon_test.go'

.PHONY: bench
bench: build bin/kube-apiserver bin/etcd ## benchmarks and whole-process scenarios into bench/, half an hour; BENCH=short: two minutes
	go test -run '^$$' -bench . -benchmem ./...
	cd test && go run ./bench $(if $(filter short,$(BENCH)),-short)

# Also what is in the packages: they hold what this lays down, and the configuration. What is
# built already is taken as it is, since root may have no Go.
.PHONY: install
install: $(if $(wildcard $(BINARY)),,build) $(if $(wildcard $(DOCS)/edgeward.1),,docs) ## what Debian would install, below DESTDIR, for PREFIX (/usr)
	install -D -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/edgeward
	install -d $(DESTDIR)$(SYSCONF)/edgeward $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)
	sed 's|/usr/|$(PREFIX)/|g' systemd/edgeward.service >$(DESTDIR)$(UNITDIR)/edgeward.service
	install -m 0644 config.yaml.example README.md CHANGELOG.md LICENSE systemd/restart-backoff.conf $(DESTDIR)$(DOCDIR)
	for file in $(filter-out %_test.yaml,$(wildcard deploy/*.yaml docs/*.md monitoring/*.yaml monitoring/*.json)); do \
		install -D -m 0644 $$file $(DESTDIR)$(DOCDIR)/$$file; done
	install -d $(DESTDIR)$(MANDIR)/man1
	install -m 0644 $(DOCS)/*.1 $(DESTDIR)$(MANDIR)/man1
	install -D -m 0644 $(DOCS)/edgeward.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/edgeward
	install -D -m 0644 $(DOCS)/_edgeward $(DESTDIR)$(ZSHDIR)/_edgeward
	install -D -m 0644 $(DOCS)/edgeward.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/edgeward.fish

.PHONY: deb
deb: ## dist/edgeward_*.deb, for GOARCH=amd64 or arm64
.PHONY: rpm
rpm: ## dist/edgeward-*.rpm, for GOARCH=amd64 or arm64
.PHONY: tar
tar: ## dist/edgeward-*.tar.gz, the files as they lie below /
deb rpm tar: bin/nfpm
	@packaging/build.sh $@ '$(VERSION)' $(GOARCH)

.PHONY: test-systemd
test-systemd: bin/kube-apiserver bin/etcd ## the .deb under systemd, in a container; needs root and debootstrap
	test/systemd/run.sh

.PHONY: clean
clean: ## remove all that was built; Go's cache keeps a next build short
	rm -rf bin dist

bin/etcd: test/go.mod
	@cd test && $(COMPILE) go.etcd.io/etcd/server/v3
	cd test && go build -ldflags '-s -w' -o ../$@ go.etcd.io/etcd/server/v3
	@touch $@ # go build leaves an unchanged program as old as it is; make would build it again

# A Kubernetes program built without these calls itself v0.0.0, and clients act on the version that a
# server reports.
KUBERNETES = $(shell cd test && go list -m -f '{{.Version}}' k8s.io/kubernetes)
KUBERNETES_PARTS = $(subst ., ,$(KUBERNETES:v%=%))
KUBERNETES_VERSION = gitVersion=$(KUBERNETES) \
	gitMajor=$(word 1,$(KUBERNETES_PARTS)) gitMinor=$(word 2,$(KUBERNETES_PARTS))

bin/kube-apiserver: test/go.mod
	@cd test && $(COMPILE) k8s.io/kubernetes/cmd/kube-apiserver
	cd test && go build -ldflags '-s -w $(addprefix -X k8s.io/component-base/version.,$(KUBERNETES_VERSION))' \
		-o ../$@ k8s.io/kubernetes/cmd/kube-apiserver
	@touch $@

bin/staticcheck: go.mod
	@$(COMPILE) honnef.co/go/tools/cmd/staticcheck
	go build -o $@ honnef.co/go/tools/cmd/staticcheck

bin/nfpm: packaging/go.mod
	@cd packaging && $(HERE) $(COMPILE) github.com/goreleaser/nfpm/v2/cmd/nfpm
	cd packaging && $(HERE) go build -o ../$@ github.com/goreleaser/nfpm/v2/cmd/nfpm

.PHONY: FORCE
FORCE:
