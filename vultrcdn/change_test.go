package vultrcdn

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

func TestCreateIsKept(t *testing.T) {
	certificate := newCertificate(t)
	https := with(wanted(testHost, certificate), func(r *model.Rule) {
		r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 443
	})
	for _, tc := range []struct {
		name                       string
		rule                       model.Rule
		label, scheme, chain, tail string
	}{
		{"on http", wanted(testHost, nil), "edgeward " + markOn("team", testHost), "http", "", ""},
		{"on https", wanted(testHost, certificate), "edgeward " + markOn("team", testHost) + " cert=" + certificate.Fingerprint, "http", certificate.Chain(), certificate.Key()},
		{"from an https origin", https, "edgeward " + markOn("team", testHost) + " cert=" + certificate.Fingerprint, "https", certificate.Chain(), certificate.Key()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, client := newAccount(t, vultrtest.Options{PullZonePending: time.Hour})
			made := create(t, client, tc.rule)
			zone := api.PullZones()[0]
			want := vultrtest.PullZone{
				ID: made.ID, DateCreated: zone.DateCreated, Status: "pending", Label: tc.label, OriginScheme: tc.scheme, OriginDomain: testOrigin,
				CDNURL: zone.CDNURL, VanityDomain: testHost, CacheSize: 50000000, PacketsPerSec: 50, Regions: []string{"ord"},
				Certificate: tc.chain, Key: tc.tail,
			}
			if diff := cmp.Diff(want, zone); diff != "" {
				t.Errorf("zone (-want +got):\n%s", diff)
			}
			if !made.Equal(tc.rule) || !made.Pending || "https://"+made.Published != zone.CDNURL {
				t.Errorf("made %+v", made)
			}
			if made.Certificate != nil && made.Certificate.Key() != "" {
				t.Error("the key came back")
			}
		})
	}
}

func TestPendingEnds(t *testing.T) {
	now := time.Now()
	api, client := newAccount(t, vultrtest.Options{PullZonePending: time.Minute, Now: func() time.Time { return now }})
	made := create(t, client, wanted(testHost, nil))
	now = now.Add(time.Minute)
	got, err := client.Find(t.Context(), made)
	if err != nil || len(got) != 1 || got[0].Pending || !made.Pending {
		t.Errorf("got %+v, was %+v; %v", got, made, err)
	}
	wantCalls(t, api, "POST cdns/pull-zones 201", "GET cdns/pull-zones 200")
}

const (
	testID = "ef4d95d5-98dc-4710-94f5-0ee97e70a9a5"
	member = "/pull-zones/" + testID
)

// zoneReply is a zone as the API shows it.
func zoneReply(host, label string) string {
	return fmt.Sprintf(`{"pull_zone":{"id":%q,"status":"active","label":%q,"origin_scheme":"http","origin_domain":%q,"vanity_domain":%q}}`,
		testID, label, testOrigin, host)
}

// A zone that is published elsewhere than asked, or that does not say whose it
// is, would go unnoticed for ever.
func TestCreateElsewhereIsUndone(t *testing.T) {
	ours := "edgeward " + markOn("team", testHost)
	for _, tc := range []struct {
		name   string
		reply  string // of the create call
		status int    // of the removal
		err    string
	}{
		{"another host", zoneReply("example.com", ours), 204, "published as example.com/"},
		{"no host", zoneReply("", ours), 204, "published as /"},
		{"no label", zoneReply(testHost, ""), 204, `with the label ""`},
		{"the label cut off", zoneReply(testHost, ours[:len(ours)-1]), 204, "with the label"},
		{"another's mark", zoneReply(testHost, "edgeward "+markOn("them", testHost)), 204, "with the label"},
		{"the mark of another cluster", zoneReply(testHost, strings.Replace(ours, "/main/", "/mai/", 1)), 204, "with the label"},
		{"gone by itself", zoneReply("example.com", ours), 404, "published as example.com/"},
		{"the removal is throttled", zoneReply("example.com", ours), 429, "removing it failed: deleting pull zone " + testID},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client := scripted(t, exchange{"POST /pull-zones", 201, tc.reply}, exchange{"DELETE " + member, tc.status, ""})
			made, err := client.Create(t.Context(), wanted(testHost, nil))
			if stays := tc.status == 429; (made.ID == testID) != stays {
				t.Errorf("it says that %+v stands", made)
			}
			if !errors.Is(err, httpapi.ErrNotKept) || !strings.Contains(err.Error(), tc.err) || httpapi.NotSent(err) {
				t.Errorf("got %v, want ErrNotKept and %q", err, tc.err)
			}
		})
	}
}

// A vanity domain may have to be unique among the zones: then a second zone of
// a host is refused, and the first stays as it is.
func TestSecondZoneOfAHost(t *testing.T) {
	api, client := newAccount(t, vultrtest.Options{UniqueVanityDomains: true})
	first := create(t, client, wanted(testHost, nil))
	_, err := client.Create(t.Context(), with(first, func(r *model.Rule) { r.SourceHost = "other.example.com" }))
	var refusal *httpapi.Error
	if !errors.As(err, &refusal) || refusal.Status != 400 || !httpapi.Permanent(err) || !strings.Contains(err.Error(), "vanity_domain is in use already") {
		t.Errorf("got %v, want the API's refusal and what it is about", err)
	}
	if zones := api.PullZones(); len(zones) != 1 || zones[0].ID != first.ID {
		t.Errorf("there are %+v", zones)
	}
}

func TestUpdateSendsOurFields(t *testing.T) {
	certificate := newCertificate(t)
	mark := markOn("team", testHost)
	zone := fmt.Sprintf(`{"pull_zone":{"id":%q,"status":"active","label":"edgeward %s","origin_scheme":"http","origin_domain":%q,"vanity_domain":%q,
		"cors":true,"gzip":false,"block_ai":true,"block_bad_bots":false,"regions":["fra"]}}`, testID, mark, testOrigin, testHost)
	var sent map[string]any
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
		}
		_, _ = io.WriteString(w, zone)
	}))
	if _, err := client.Update(t.Context(), model.Rule{ID: testID}, wanted(testHost, certificate), false); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"label": "edgeward " + mark + " cert=" + certificate.Fingerprint, "vanity_domain": testHost,
		"ssl_cert":     base64.StdEncoding.EncodeToString([]byte(certificate.Chain())),
		"ssl_cert_key": base64.StdEncoding.EncodeToString([]byte(certificate.Key())),
		"cors":         true, "gzip": false, "block_ai": true, "block_bad_bots": false,
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestUpdateReadsBeforeItWrites(t *testing.T) {
	certificate, rotated := newCertificate(t), newCertificate(t)
	api, client := newAccount(t, vultrtest.Options{})
	made := create(t, client, wanted(testHost, certificate))
	api.EditPullZone(made.ID, func(z *vultrtest.PullZone) {
		z.CORS, z.GZIP, z.BlockAI, z.BlockBadBots, z.Regions = true, true, true, true, []string{"fra", "ord"}
	})
	want := api.PullZones()[0]
	want.Label = "edgeward " + markOn("team", testHost) + " cert=" + rotated.Fingerprint
	want.Certificate, want.Key = rotated.Chain(), rotated.Key()

	api.ResetCalls()
	kept, err := client.Update(t.Context(), made, wanted(testHost, rotated), false)
	if err != nil || kept.ID != made.ID || !kept.Equal(wanted(testHost, rotated)) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	wantCalls(t, api, "GET cdns/pull-zones/{id} 200", "PUT cdns/pull-zones/{id} 200")
	if diff := cmp.Diff(want, api.PullZones()[0]); diff != "" {
		t.Errorf("zone (-want +got):\n%s", diff)
	}

	api.ResetCalls()
	if kept, err = client.Update(t.Context(), made, wanted(testHost, rotated), false); err != nil || !kept.Equal(wanted(testHost, rotated)) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	wantCalls(t, api, "GET cdns/pull-zones/{id} 200")
}

func TestOriginCannotBeChanged(t *testing.T) {
	certificate := newCertificate(t)
	for name, edit := range map[string]func(*model.Rule){
		"another host":   func(r *model.Rule) { r.SourceHost = "other.example.com" },
		"another scheme": func(r *model.Rule) { r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 443 },
	} {
		t.Run(name, func(t *testing.T) {
			api, client := newAccount(t, vultrtest.Options{})
			made := create(t, client, wanted(testHost, certificate))
			api.ResetCalls()
			_, err := client.Update(t.Context(), made, with(wanted(testHost, certificate), edit), false)
			if !errors.Is(err, httpapi.ErrUnsupported) ||
				!strings.Contains(err.Error(), "updating rule www.example.com/: the provider cannot do that: the origin of a pull zone, here http://"+testOrigin+", cannot be changed") {
				t.Errorf("got %v", err)
			}
			wantCalls(t, api, "GET cdns/pull-zones/{id} 200")
		})
	}
}

// What somebody may do to a zone of ours between our reading and our writing.
func TestForeignZonesStay(t *testing.T) {
	for name, edit := range map[string]func(*vultrtest.PullZone){
		"the label was changed":            func(z *vultrtest.PullZone) { z.Label = "shop" },
		"the label was removed":            func(z *vultrtest.PullZone) { z.Label = "" },
		"another owner marked it":          func(z *vultrtest.PullZone) { z.Label = "edgeward " + markOn("them", testHost) },
		"the mark is of another host":      func(z *vultrtest.PullZone) { z.Label = "edgeward " + markOn("team", "example.com") },
		"the mark is no mark":              func(z *vultrtest.PullZone) { z.Label = "edgeward team" },
		"it was published on another host": func(z *vultrtest.PullZone) { z.VanityDomain = "example.com" },
		"it was moved with a valid mark": func(z *vultrtest.PullZone) {
			z.VanityDomain, z.Label = "example.com", "edgeward "+markOn("team", "example.com")
		},
	} {
		for verb, change := range map[string]func(context.Context, *Client, model.Rule) error{
			"update": func(ctx context.Context, c *Client, old model.Rule) error {
				_, err := c.Update(ctx, old, wanted(testHost, newCertificate(t)), false)
				return err
			},
			"delete": func(ctx context.Context, c *Client, old model.Rule) error { return c.Delete(ctx, old) },
		} {
			t.Run(name+", "+verb, func(t *testing.T) {
				api, client := newAccount(t, vultrtest.Options{})
				made := create(t, client, wanted(testHost, nil))
				api.EditPullZone(made.ID, edit)
				api.ResetCalls()
				err := change(t.Context(), client, made)
				if !errors.Is(err, httpapi.ErrForeign) || !strings.Contains(err.Error(), "rule www.example.com/: ") {
					t.Errorf("got %v, want ErrForeign", err)
				}
				wantCalls(t, api, "GET cdns/pull-zones/{id} 200")
			})
		}
	}
}

func TestAdoption(t *testing.T) {
	certificate := newCertificate(t)
	for _, tc := range []struct {
		name  string
		edit  func(*vultrtest.PullZone)
		adopt bool
		err   error // nil: it is taken over
	}{
		{"unmarked", func(*vultrtest.PullZone) {}, true, nil},
		{"without a label", func(z *vultrtest.PullZone) { z.Label = "" }, true, nil},
		{"not asked to", func(*vultrtest.PullZone) {}, false, httpapi.ErrForeign},
		{"marked by another owner", func(z *vultrtest.PullZone) { z.Label = "edgeward " + markOn("them", testHost) }, true, httpapi.ErrForeign},
		{"an invalid mark", func(z *vultrtest.PullZone) { z.Label = "edgeward x" }, true, httpapi.ErrForeign},
		{"moved to another host meanwhile", func(z *vultrtest.PullZone) { z.VanityDomain = "example.com" }, true, httpapi.ErrForeign},
		{"another origin", func(z *vultrtest.PullZone) { z.OriginDomain = "old.example.com" }, true, httpapi.ErrUnsupported},
		{"ours already", func(z *vultrtest.PullZone) { z.Label = "edgeward " + markOn("team", testHost) }, true, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api := vultrtest.NewAccount(vultrtest.Options{Key: testKey})
			client, log := newClient(t, api)
			id := api.SeedPullZone(vultrtest.PullZone{Label: "my shop", OriginScheme: "http", OriginDomain: testOrigin, VanityDomain: testHost, GZIP: true})
			api.EditPullZone(id, tc.edit)
			before := api.PullZones()
			kept, err := client.Update(t.Context(), model.Rule{ID: id}, wanted(testHost, certificate), tc.adopt)
			after := api.PullZones()
			if tc.err != nil {
				if diff := cmp.Diff(before, after); !errors.Is(err, tc.err) || diff != "" || log.Len() > 0 {
					t.Errorf("got %v, log %q; want it left alone:\n%s", err, log, diff)
				}
				return
			}
			if err != nil || kept.ID != id || !kept.Equal(wanted(testHost, certificate)) || !after[0].GZIP {
				t.Errorf("got %+v, %v", kept, err)
			}
			if told, marked := strings.Contains(log.String(), `label=`), strings.HasPrefix(before[0].Label, "edgeward"); told == marked {
				t.Errorf("what was there is logged: %v: %s", told, log)
			}
		})
	}
}

func TestGoneBetweenReadingAndWriting(t *testing.T) {
	certificate := newCertificate(t)
	standing := zoneReply(testHost, "edgeward "+markOn("team", testHost))
	old := with(wanted(testHost, nil), func(r *model.Rule) { r.ID = testID })
	t.Run("delete", func(t *testing.T) {
		client := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"DELETE " + member, 404, ""})
		if err := client.Delete(t.Context(), old); err != nil {
			t.Errorf("got %v", err)
		}
	})
	for _, tc := range []struct {
		name    string
		status  int
		reply   string
		notSent bool
	}{
		{"gone", 404, "", false},
		{"throttled, so that nothing was changed", 429, "", true},
		{"refused", 500, "", false},
		{"no answer behind the door", 504, "", false},
		{"no zone in the reply, so that it may have been changed", 200, `{}`, false},
		{"another zone in the reply", 200, `{"pull_zone":{"id":"other"}}`, false},
		{"a reply that is none", 200, `<html>`, false},
	} {
		t.Run("update, "+tc.name, func(t *testing.T) {
			client := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"PUT " + member, tc.status, tc.reply})
			_, err := client.Update(t.Context(), old, wanted(testHost, certificate), false)
			if err == nil || httpapi.NotSent(err) != tc.notSent || httpapi.IsNotFound(err) != (tc.status == 404) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRepliesWithoutZone(t *testing.T) {
	for _, reply := range []string{`{}`, `{"pull_zone":null}`, `{"pull_zone":{}}`, `{"pull_zone":{"label":"l"}}`, `null`, `[]`, ``, `<html>`} {
		made, err := scripted(t, exchange{"POST /pull-zones", 201, reply}).Create(t.Context(), wanted(testHost, nil))
		if err == nil || made.ID != "" || httpapi.NotSent(err) || httpapi.Permanent(err) {
			t.Errorf("create, reply %q: got %+v, %v; want an error that leaves it open", reply, made, err)
		}
		if err := scripted(t, exchange{"GET " + member, 200, reply}).Delete(t.Context(), model.Rule{ID: testID}); err == nil {
			t.Errorf("delete, reply %q: no error", reply)
		}
	}
}

// govultr reduces every failure to a text.
func TestRefusalsKeepTheirStatus(t *testing.T) {
	for _, status := range []int{302, 400, 401, 403, 429, 500, 504} {
		for verb, call := range map[string]func(*Client) error{
			"GET /pull-zones": func(c *Client) error {
				_, err := c.List(t.Context())
				return err
			},
			"POST /pull-zones": func(c *Client) error {
				_, err := c.Create(t.Context(), wanted(testHost, nil))
				return err
			},
			"GET " + member: func(c *Client) error { return c.Delete(t.Context(), model.Rule{ID: testID}) },
		} {
			err := call(scripted(t, exchange{verb, status, `{"error":"because"}`}))
			var refusal *httpapi.Error
			if !errors.As(err, &refusal) || refusal.Status != status || refusal.Message != "because" {
				t.Errorf("%s, status %d: got %v", verb, status, err)
			}
		}
	}
}

// A create whose reply is lost may have had its effect: govultr must not
// repeat it.
func TestLostRepliesAreNotRepeated(t *testing.T) {
	var calls atomic.Int32
	client, _ := newClient(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	}))
	_, err := client.Create(t.Context(), wanted(testHost, nil))
	if !errors.Is(err, io.EOF) || httpapi.NotSent(err) || httpapi.Permanent(err) || calls.Load() != 1 {
		t.Errorf("got %v after %d calls, want the end of the connection", err, calls.Load())
	}
}

// An API that repeats what it was sent does not get a key into an error.
func TestKeysAreNotShown(t *testing.T) {
	certificate := newCertificate(t)
	for name, shown := range map[string]string{
		"as sent": base64.StdEncoding.EncodeToString([]byte(certificate.Key())), "decoded": certificate.Key(),
	} {
		refusal, err := json.Marshal(map[string]string{"error": "bad key " + shown})
		if err != nil {
			t.Fatal(err)
		}
		standing := zoneReply(testHost, "edgeward "+markOn("team", testHost))
		_, created := scripted(t, exchange{"POST /pull-zones", 400, string(refusal)}).Create(t.Context(), wanted(testHost, certificate))
		_, updated := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"PUT " + member, 400, string(refusal)}).
			Update(t.Context(), model.Rule{ID: testID}, wanted(testHost, certificate), false)
		for verb, err := range map[string]error{"create": created, "update": updated} {
			if err == nil || !strings.HasSuffix(err.Error(), "bad key [redacted]") {
				t.Errorf("%s, %s: got %v", name, verb, err)
			}
		}
	}
}
