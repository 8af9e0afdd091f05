package vultrcdn

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// FuzzListReply has any reply for every page: a list that succeeds is whole,
// and its rules are in the form that plan compares.
func FuzzListReply(f *testing.F) {
	for _, body := range []string{
		zonePage(0, ""), zonePage(2, "", "a", "b"), zonePage(3, "", "a"), zonePage(2, "1", "a", "b"), zonePage(1, "", ""),
		`{"pull_zones":null,"meta":{"total":0,"links":{}}}`, `{"pull_zones":[null],"meta":{"links":{}}}`,
		`{"pull_zones":[{"id":"a","label":"edgeward m cert=0123456789abcdef","requests":null,"status":"pending","cdn_url":"https://X.org/"}],"meta":{"total":1,"links":{}}}`,
		`{"pull_zones":[{"id":"a","label":"edgeward ","vanity_domain":"A.","origin_scheme":"ftp","cdn_url":"::"}],"meta":{"links":{}}}`,
		`{"error":""}`, `{}`, `[]`, `null`, ``, `<html>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client := clientOf(t, reply(body))
		rules, err := client.List(t.Context())
		if err != nil {
			if rules != nil {
				t.Errorf("%d rules beside the error %v", len(rules), err)
			}
			return
		}
		var sent struct {
			PullZones []json.RawMessage `json:"pull_zones"`
			Meta      *struct{ Total int }
		}
		if err := json.Unmarshal(body, &sent); err != nil || sent.PullZones == nil || sent.Meta != nil && len(rules) < sent.Meta.Total {
			t.Fatalf("%d rules of %+v (%v)", len(rules), sent, err)
		}
		seen := make(map[string]bool)
		for _, r := range rules {
			if r.ID == "" || seen[r.ID] {
				t.Errorf("the ID %q, twice or empty", r.ID)
			}
			seen[r.ID] = true
			if r.Path != "/" || r.Host != strings.ToLower(r.Host) || r.Published != strings.ToLower(r.Published) || len(r.Protocols) != 1 {
				t.Errorf("no rule: %+v", r)
			}
			if _, err := parseExtra(r.Extra); err != nil {
				t.Errorf("what else was set cannot be read again: %v", err)
			}
			p := r.Protocols[0]
			if (p.Published == "https") != (r.Certificate != nil) || p.PublishedPort != model.PublishedPort(p.Published) {
				t.Errorf("published as %+v with %v", p, r.Certificate)
			}
			if p.Label != "" && parseLabel(labelOf(r).String()) != labelOf(r) {
				t.Errorf("the label %q cannot be written again", labelOf(r))
			}
		}
	})
}

// FuzzLabel reads any label: what is taken for ours is ours to the byte.
func FuzzLabel(f *testing.F) {
	for _, text := range []string{"", "edgeward m", "edgeward m cert=0123456789abcdef", "edgeward m cert=x", "edgeward  m", "edgeward m\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if l := parseLabel(text); l != (label{}) && (l.String() != text || l.mark == "") {
			t.Errorf("%q reads as %+v", text, l)
		}
	})
}

// clientOf returns a client whose calls are answered without a network.
func clientOf(t *testing.T, replies http.RoundTripper) *Client {
	t.Helper()
	api, err := vultrapi.New("https://api.vultr.com", testKey, httpapi.New(httpapi.Options{Transport: replies}))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{API: api, Log: slog.New(slog.DiscardHandler)})
}
