package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// unmark takes the mark off the rules below a path, as the API itself would drop it.
func (b *bed) unmark(below string) {
	for _, r := range b.Edgio.Instances() {
		if !strings.HasPrefix(r.Path, below) {
			continue
		}
		b.Edgio.Edit(r.UUID, func(body map[string]any) {
			for _, set := range body["protocolSets"].([]any) {
				set.(map[string]any)["options"] = []any{}
			}
		})
	}
}

// unmarked are the rules that carry no mark.
func (b *bed) unmarked() error {
	for _, r := range b.Edgio.Instances() {
		if !strings.Contains(string(r.Raw), "X-Edgeward") {
			return fmt.Errorf("%s%s carries no mark", r.Host, r.Path)
		}
	}
	return nil
}

// TestMarksNotKept has Edgio drop the marks of 20 new rules, and later those of rules
// that are changed, while its replies say otherwise: all are marked again and served on.
func TestMarksNotKept(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Adopts() // as a rule without a mark is, to whoever looks at marks alone
	b.nodes("192.0.2.1")
	var rules, manifests []string
	for i := range 20 {
		url := fmt.Sprintf("www.example.com/%d", i)
		manifests, rules = append(manifests, ingress(fmt.Sprint("web-", i), url)), append(rules, rule(url, 30080))
	}
	drop := func(method, below string, times int) {
		b.Faults.Set(func(_ int, call emulator.Call) emulator.Fault {
			if call.Method != method || !strings.HasPrefix(call.Path, "svcinst/") || times == 0 {
				return emulator.Fault{}
			}
			times--
			return emulator.Fault{Then: func() { b.unmark(below) }}
		})
	}
	drop(http.MethodPost, "/", 20)
	b.apply(append(manifests, service(30080))...)
	d := b.start(b.config(sections{"sync": "resync_interval: 2s"}))
	b.exact(rules...)
	uuid := b.uuid("www.example.com/7")
	b.until(func() error { return errors.Join(b.unmarked(), d.routes(map[string]float64{"synced": 20})) })
	if now := b.uuid("www.example.com/7"); now != uuid {
		t.Errorf("the rule was made anew: %s, now %s", uuid, now)
	}
	b.resync(d)
	b.until(func() error { return errors.Join(b.unmarked(), d.routes(map[string]float64{"synced": 20})) })

	drop(http.MethodPut, "/7", 1)
	b.apply(annotated(ingress("web-7", "www.example.com/7"), "edgeward/source-path", "strip"))
	b.until(func() error { return d.logged("has not kept edgeward's mark", "the first: www.example.com/7") })
	b.until(func() error { return errors.Join(b.unmarked(), d.routes(map[string]float64{"synced": 20})) })

	b.delete(manifests...)
	b.exact()
}
