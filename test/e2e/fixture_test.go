// Package e2e tests edgeward from the outside: bin/edgeward runs as a process
// with the rights of deploy/rbac.yaml, against a real API server and emulated
// providers, and is judged by what then stands there, by the calls it took, by
// its log, its metrics and its exit status.
//
// The tests share one API server, so they run one after the other. Each starts
// with an empty cluster and providers of its own.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/invariants"
	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

var server *kube.Server // set by TestMain, before any test

func TestMain(m *testing.M) { os.Exit(kube.RunMain(m, &server)) }

// patience is how long a condition may take to come true.
const patience = 30 * time.Second

// bed is the installation of one test.
type bed struct {
	*lab.Lab
	t     *testing.T
	guard *invariants.Guard
}

// sections are what a configuration has besides a lab's defaults.
type sections = map[string]string

// newBed empties the cluster and puts new providers beside it, where from then
// on the invariants hold.
func newBed(t *testing.T, o lab.Options) *bed {
	t.Helper()
	must(t, server.Clean(t.Context()))
	return newInstallation(t, o)
}

// newInstallation is a bed with providers of its own beside the cluster as it is.
func newInstallation(t *testing.T, o lab.Options) *bed {
	t.Helper()
	l, err := lab.New(t.Context(), server, t.TempDir(), o)
	must(t, err)
	t.Cleanup(l.Close)
	b := &bed{Lab: l, t: t}
	b.guard = invariants.Watch(l.Providers(), func(violation string) { t.Error(violation) }, invariants.Part{Owner: lab.Owner, Cluster: "main"})
	return b
}

// config writes a configuration and returns its path.
func (b *bed) config(s sections) string {
	b.t.Helper()
	path, err := b.Config(b.t.Context(), s)
	must(b.t, err)
	return path
}

// cluster is an entry of the section "clusters", with further lines.
func (b *bed) cluster(name string, s *kube.Server, lines ...string) string {
	b.t.Helper()
	kubeconfig, err := lab.Kubeconfig(b.t.Context(), s)
	must(b.t, err)
	entry := fmt.Sprintf("- name: %s\n  kubeconfig: %s\n", name, kubeconfig)
	for _, line := range lines {
		entry += "  " + line + "\n"
	}
	return entry
}

// apply makes objects in the namespace default as kubectl apply would.
func (b *bed) apply(manifests ...string) {
	b.t.Helper()
	for _, m := range manifests {
		must(b.t, server.Apply(b.t.Context(), []byte(m)))
	}
}

// delete deletes the objects that the manifests name.
func (b *bed) delete(manifests ...string) {
	b.t.Helper()
	for _, m := range manifests {
		must(b.t, server.Delete(b.t.Context(), []byte(m)))
	}
}

// nodes makes a node for each address, named after its last number: node-7
// for 192.0.2.7.
func (b *bed) nodes(addresses ...string) {
	b.t.Helper()
	for _, ip := range addresses {
		must(b.t, server.CreateNode(b.t.Context(), "node-"+ip[strings.LastIndexByte(ip, '.')+1:], ip))
	}
}

// until waits for a condition and returns how long that took.
func (b *bed) until(ok func() error) time.Duration {
	b.t.Helper()
	start := time.Now()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	if err := lab.Until(ctx, ok); err != nil {
		b.t.Fatal(err)
	}
	return time.Since(start)
}

// stays fails the test if a condition does not hold throughout d.
func (b *bed) stays(d time.Duration, ok func() error) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(d); ; {
		if err := ok(); err != nil {
			b.t.Fatal(err)
		}
		select {
		case <-end:
			return
		case <-tick.C:
		}
	}
}

// exact waits until the CDN publishes these rules, see rule, and nothing else,
// and returns how long that took.
func (b *bed) exact(rules ...string) time.Duration {
	b.t.Helper()
	return b.until(func() error { return lab.Same("rules", b.Rules(), rules...) })
}

// addresses waits until the nodes of the cluster main have these addresses in
// the zone and no other.
func (b *bed) addresses(want ...string) time.Duration {
	b.t.Helper()
	return b.until(func() error { return lab.Same("addresses", b.Addresses(), want...) })
}

// wrote returns nil if each provider has seen this many writes since the last
// forgetCalls.
func (b *bed) wrote(edgio, vultr int) error {
	if e, v := b.Edgio.Writes(), b.Vultr.Writes(); e != edgio || v != vultr {
		return fmt.Errorf("writes: Edgio %d, Vultr %d; wanted %d and %d: %v %v", e, v, edgio, vultr, b.Edgio.Calls(), b.Vultr.Calls())
	}
	return nil
}

func (b *bed) nothingWritten() error { return b.wrote(0, 0) }

// forgetCalls begins to count calls anew.
func (b *bed) forgetCalls() {
	b.Edgio.ResetCalls()
	b.Vultr.ResetCalls()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// atOnce does something with many manifests, several at a time.
func (b *bed) atOnce(manifests []string, do func(context.Context, []byte) error) {
	b.t.Helper()
	var running sync.WaitGroup
	const workers = 8
	for worker := range workers {
		running.Go(func() {
			for i := worker; i < len(manifests); i += workers {
				if err := do(context.Background(), []byte(manifests[i])); err != nil {
					b.t.Error(err)
				}
			}
		})
	}
	running.Wait()
}

// uuid is Edgio's name for the only rule of a URL without its scheme.
func (b *bed) uuid(url string) string {
	b.t.Helper()
	var found []string
	for _, r := range b.Edgio.Instances() {
		if r.Host+r.Path == url {
			found = append(found, r.UUID)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%d rules for %s", len(found), url)
	}
	return found[0]
}

// rawBody is the field "body" of an instance.
func rawBody(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var instance struct{ Body json.RawMessage }
	must(t, json.Unmarshal(raw, &instance))
	return instance.Body
}
