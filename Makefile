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
UNITDIR  = $(PREFIX)/lib/systemd/system

FUZZTIME ?= 30s

# The race detector needs a C compiler; without one the tests still run.
RACE = $(if $(shell command -v $$(go env CC)),-race)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: build
build: bin/edgeward ## bin/edgeward: one static binary, its version from git

# Go knows better than make whether anything changed, so it is always asked. The version is
# stamped here and not by Go, which fails where git distrusts the directory.
bin/edgeward: FORCE
	CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags '-X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o $@ .

# -count=1, as a cached result would not notice that the programs in bin/ have changed.
.PHONY: test
test: build bin/kube-apiserver bin/etcd ## every test, the real Kubernetes API server included
	$(if $(RACE),,@echo 'no C compiler (gcc): testing without the race detector')
	go vet ./...
	go test $(RACE) ./...
	cd test && go vet ./... && go test $(RACE) -count=1 ./...

.PHONY: lint
lint: bin/staticcheck ## gofmt, go vet and staticcheck, silent where all is well
	@unformatted=$$(gofmt -l .); \
		if [ -n "$$unformatted" ]; then printf 'not gofmted:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...
	bin/staticcheck ./...
	cd test && go vet ./... && ../bin/staticcheck ./...

.PHONY: demo
demo: build bin/kube-apiserver bin/etcd ## the daemon at work on this machine; ONCE=1: unattended
	cd test && go build -o ../bin/demo ./demo && ../bin/demo $(if $(ONCE),-once)

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@grep -rEo --include='*_test.go' --exclude-dir=test '^func Fuzz[[:alnum:]_]+' . | \
	sed 's|/[^/]*:func | |' | \
	while read -r dir name; do \
		echo "$$dir $$name"; \
		go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) "$$dir"; \
	done

.PHONY: bench
bench: ## the benchmarks, allocations included
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: install
install: build ## what Debian would install, below DESTDIR, for PREFIX (/usr)
	install -D -m 0755 bin/edgeward $(DESTDIR)$(PREFIX)/bin/edgeward
	install -d $(DESTDIR)$(SYSCONF)/edgeward $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)
	sed 's|/usr/bin/edgeward|$(PREFIX)/bin/edgeward|' systemd/edgeward.service >$(DESTDIR)$(UNITDIR)/edgeward.service
	install -m 0644 config.yaml.example README.md CHANGELOG.md LICENSE $(wildcard deploy/*.yaml) $(DESTDIR)$(DOCDIR)

.PHONY: clean
clean: ## remove all that was built; Go's cache keeps a next build short
	rm -rf bin

bin/kube-apiserver: test/apiserver/go.mod
	@echo 'building the Kubernetes API server: some 1,500 packages, about five minutes with two cores, once'
	@test/apiserver/build.sh $@ k8s.io/kubernetes/cmd/kube-apiserver

bin/etcd: test/apiserver/go.mod
	@echo 'building etcd'
	@test/apiserver/build.sh $@ go.etcd.io/etcd/server/v3

bin/staticcheck: go.mod
	go build -o $@ honnef.co/go/tools/cmd/staticcheck

.PHONY: FORCE
FORCE:
