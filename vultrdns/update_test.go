package vultrdns

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// What is kept of a change of both, of the target and of the TTL, whatever of it
// the API refuses, and by which calls. A field that does not change is not sent:
// beside another, it may be what is refused.
func TestUpdateOneFieldACall(t *testing.T) {
	alias := func(data string, ttl int) model.Record {
		return model.Record{Name: "www", Type: "CNAME", Data: data, TTL: ttl}
	}
	old := alias("one.example.org", 120)
	const patch, get = "PATCH domains/{domain}/records/{id} 204", "GET domains/{domain}/records/{id} 200"
	const refused = "PATCH domains/{domain}/records/{id} 400"
	for _, tc := range []struct {
		name    string
		options vultrtest.Options
		ask     model.Record
		want    model.Record // what stands afterwards
		status  int          // of the error; 0: none
		calls   []string
	}{
		{"the target", vultrtest.Options{}, alias("two.example.org", 120), alias("two.example.org", 120), 0, []string{patch, get}},
		{"the target, and the TTL cannot be changed", vultrtest.Options{RefuseTTLPatch: true, RefuseTTLWithData: true},
			alias("two.example.org", 120), alias("two.example.org", 120), 0, []string{patch, get}},
		{"the TTL", vultrtest.Options{RefuseTTLWithData: true}, alias("one.example.org", 60), alias("one.example.org", 60), 0, []string{patch, get}},
		{"the TTL, which cannot be changed", vultrtest.Options{RefuseTTLPatch: true}, alias("one.example.org", 60), old, 400, []string{refused}},
		{"both", vultrtest.Options{}, alias("two.example.org", 60), alias("two.example.org", 60), 0, []string{patch, patch, get}},
		{"both, which cannot be changed at once", vultrtest.Options{RefuseTTLWithData: true},
			alias("two.example.org", 60), alias("two.example.org", 60), 0, []string{patch, patch, get}},
		{"both, and the TTL cannot be changed", vultrtest.Options{RefuseTTLPatch: true},
			alias("two.example.org", 60), alias("two.example.org", 120), 0, []string{patch, refused, get}},
		{"both, and the target is refused", vultrtest.Options{}, alias("two", 60), old, 400, []string{refused}},
		{"nothing", vultrtest.Options{RefuseTTLPatch: true}, old, old, 0, []string{get}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, client := newZone(t, tc.options)
			made := create(t, client, old)
			api.ResetCalls()
			kept, err := client.Update(t.Context(), made, tc.ask, false)
			var refusal *httpapi.Error
			if errors.As(err, &refusal) != (tc.status != 0) || tc.status != 0 && refusal.Status != tc.status {
				t.Errorf("got the error %v, want status %d", err, tc.status)
			}
			if want := tc.want.WithIdentity(made.ID); err == nil && kept != want {
				t.Errorf("kept %+v, want %+v", kept, want)
			}
			if stands := api.Records(testZone)[0]; stands.Data != tc.want.Data || stands.TTL != tc.want.TTL {
				t.Errorf("the zone has %+v", stands)
			}
			var calls []string
			for _, call := range api.Calls() {
				calls = append(calls, call.String())
			}
			if diff := cmp.Diff(tc.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// What became of the second call is not told by how it failed: it is read.
func TestUpdateWhoseSecondCallFails(t *testing.T) {
	for name, tc := range map[string]struct {
		fault emulator.Fault
		ttl   int // afterwards
	}{
		"throttled":            {emulator.Fault{Status: 429}, 120},
		"504":                  {emulator.Fault{Status: 504}, 120},
		"504 after the effect": {emulator.Fault{Status: 504, After: true}, 60},
		"the reply is lost":    {emulator.Fault{Reset: true, After: true}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			faults := new(emulator.Faults)
			_, client := newZone(t, vultrtest.Options{Faults: faults})
			made := create(t, client, model.Record{Name: "www", Type: "CNAME", Data: "one.example.org", TTL: 120})
			faults.Set(emulator.Nth(2, tc.fault))
			want := model.Record{ID: made.ID, Name: "www", Type: "CNAME", Data: "two.example.org", TTL: tc.ttl}
			ask := want
			ask.TTL = 60
			if kept, err := client.Update(t.Context(), made, ask, false); err != nil || kept != want {
				t.Errorf("got %+v, %v; want %+v", kept, err, want)
			}
		})
	}
}

// What became of a call that was answered by 504, or not at all, is not known.
func TestUnknownEffect(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"504":          {Status: 504},
		"504, effect":  {Status: 504, After: true},
		"hang":         {Hang: true},
		"hang, effect": {Hang: true, After: true},
	} {
		for verb, call := range map[string]func(*Client, context.Context, model.Record) error{
			"create": func(c *Client, ctx context.Context, _ model.Record) error {
				_, err := c.Create(ctx, addressRecord("www", "192.0.2.1"))
				return err
			},
			"update": func(c *Client, ctx context.Context, r model.Record) error {
				changed := r
				changed.TTL = 60
				_, err := c.Update(ctx, r, changed, false)
				return err
			},
			"delete": func(c *Client, ctx context.Context, r model.Record) error { return c.Delete(ctx, r) },
		} {
			t.Run(name+", "+verb, func(t *testing.T) {
				faults := new(emulator.Faults)
				_, client := newZone(t, vultrtest.Options{Faults: faults})
				made := create(t, client, addressRecord("old", "192.0.2.1"))
				faults.Set(emulator.Always(fault))
				ctx := t.Context()
				if fault.Hang { // shorter than the client's own patience
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
				}
				if err := call(client, ctx, made); err == nil || httpapi.NotSent(err) || httpapi.Permanent(err) || httpapi.IsNotFound(err) {
					t.Errorf("got %v, want one that leaves it open", err)
				}
			})
		}
	}
}
