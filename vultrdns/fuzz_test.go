package vultrdns

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// reply answers every call with 200 and these bytes.
type reply []byte

func (body reply) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

// FuzzListPage has any reply for every page: a list that succeeds is whole.
func FuzzListPage(f *testing.F) {
	for _, body := range []string{
		page(0, ""), page(2, "", "a", "b"), page(3, "", "a"), page(2, "1", "a", "b"), page(1, "", ""),
		`{"records":null,"meta":{"total":0,"links":{}}}`, `{"meta":{"total":-1,"links":{}}}`,
		`{"records":[null],"meta":{"links":{}}}`, `{"records":[{"id":"a","name":".","data":"\""}],"meta":{"links":{}}}`,
		`{"error":""}`, `{}`, `[]`, `null`, ``, `<html>`, `{"status":"x"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client := clientOf(t, reply(body))
		records, err := client.List(t.Context())
		if err != nil {
			if records != nil {
				t.Errorf("%d records beside the error %v", len(records), err)
			}
			return
		}
		var sent struct {
			Meta *struct {
				Total int
				Links *struct{ Next string }
			}
		}
		if err := json.Unmarshal(body, &sent); err != nil || sent.Meta == nil || sent.Meta.Links == nil {
			t.Fatalf("%d records of a reply without meta (%v)", len(records), err)
		}
		if len(records) < sent.Meta.Total || sent.Meta.Links.Next != "" {
			t.Errorf("%d records of %+v", len(records), *sent.Meta)
		}
		seen := make(map[string]model.Record)
		for _, r := range records {
			if before, twice := seen[r.ID]; twice || r.ID == "" {
				t.Errorf("%+v beside %+v", r, before)
			}
			seen[r.ID] = r
		}
	})
}

// FuzzReplies has any reply for single calls: what succeeds has an identity.
func FuzzReplies(f *testing.F) {
	for _, body := range []string{
		`{"record":{"id":"a","type":"A","name":"n","data":"192.0.2.1","ttl":60}}`, `{"record":{"id":""}}`, `{"record":null}`,
		`{"record":[]}`, `{"record":{"id":7}}`, `{"error":"x"}`, `{}`, `[]`, `null`, ``, `<html>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client := clientOf(t, reply(body))
		wanted := addressRecord("n", "192.0.2.1")
		if made, err := client.Create(t.Context(), wanted); err == nil && made.ID == "" {
			t.Errorf("created %+v", made)
		}
		old := wanted.WithIdentity("a")
		if kept, err := client.Update(t.Context(), old, wanted, false); err == nil && kept.ID != "a" {
			t.Errorf("updated %+v", kept)
		}
		_ = client.Delete(t.Context(), old) // its reply is not looked at
	})
}

// clientOf returns a client whose calls are answered without a network.
func clientOf(t *testing.T, replies http.RoundTripper) *Client {
	t.Helper()
	api, err := vultrapi.New("https://api.vultr.com", testKey, httpapi.New(httpapi.Options{Transport: replies}))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{API: api, Domain: testZone})
}
