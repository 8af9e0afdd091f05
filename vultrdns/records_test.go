package vultrdns

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

func TestRecordsAreReadInOneForm(t *testing.T) {
	client := &Client{domain: testZone}
	for _, tc := range []struct {
		name string
		read govultr.DomainRecord
		want model.Record
	}{
		{"a relative name", govultr.DomainRecord{ID: "i", Type: "A", Name: "www", Data: "192.0.2.1", TTL: 60}, model.Record{ID: "i", Name: "www", Type: "A", Data: "192.0.2.1", TTL: 60}},
		{"the apex", govultr.DomainRecord{Type: "A"}, model.Record{Type: "A"}},
		{"a wildcard", govultr.DomainRecord{Type: "A", Name: "*"}, model.Record{Name: "*", Type: "A"}},
		{"a full name", govultr.DomainRecord{Type: "A", Name: "nodes.main.team.example.com"}, model.Record{Name: "nodes.main.team", Type: "A"}},
		{"a full name with a dot", govultr.DomainRecord{Type: "A", Name: "www.example.com."}, model.Record{Name: "www", Type: "A"}},
		{"the zone's own full name", govultr.DomainRecord{Type: "A", Name: "example.com"}, model.Record{Type: "A"}},
		{"a name that only ends alike", govultr.DomainRecord{Type: "A", Name: "www.anexample.com"}, model.Record{Name: "www.anexample.com", Type: "A"}},
		{"upper case", govultr.DomainRecord{Type: "A", Name: "WWW.Example.COM"}, model.Record{Name: "www", Type: "A"}},
		{"a TXT in quotes", govultr.DomainRecord{Type: "TXT", Data: `"heritage=edgeward,edgeward/owner=team"`}, model.Record{Type: "TXT", Data: "heritage=edgeward,edgeward/owner=team"}},
		{"a TXT without quotes", govultr.DomainRecord{Type: "TXT", Data: `plain`}, model.Record{Type: "TXT", Data: "plain"}},
		{"an empty TXT", govultr.DomainRecord{Type: "TXT", Data: `""`}, model.Record{Type: "TXT"}},
		{"quotes in a CAA are data", govultr.DomainRecord{Type: "CAA", Data: `0 issue "letsencrypt.org"`}, model.Record{Type: "CAA", Data: `0 issue "letsencrypt.org"`}},
		{"a CNAME with a dot", govultr.DomainRecord{Type: "CNAME", Data: "lb.example.net."}, model.Record{Type: "CNAME", Data: "lb.example.net"}},
		{"a CNAME in upper case", govultr.DomainRecord{Type: "CNAME", Data: "LB.Example.NET."}, model.Record{Type: "CNAME", Data: "lb.example.net"}},
		{"a wildcard's full name in upper case with a dot", govultr.DomainRecord{Type: "A", Name: "*.EXAMPLE.COM."}, model.Record{Name: "*", Type: "A"}},
		{"a TXT in upper case is data", govultr.DomainRecord{Type: "TXT", Data: `"A"`}, model.Record{Type: "TXT", Data: "A"}},
		{"IPv6 in full", govultr.DomainRecord{Type: "AAAA", Data: "2001:0db8:0000:0000:0000:0000:0000:0001"}, model.Record{Type: "AAAA", Data: "2001:db8::1"}},
		{"IPv6 in upper case", govultr.DomainRecord{Type: "AAAA", Data: "2001:DB8::A"}, model.Record{Type: "AAAA", Data: "2001:db8::a"}},
		{"IPv6 compressed elsewhere", govultr.DomainRecord{Type: "AAAA", Data: "2001:db8:0:0:1::1"}, model.Record{Type: "AAAA", Data: "2001:db8::1:0:0:1"}},
		{"IPv6 that ends like IPv4", govultr.DomainRecord{Type: "AAAA", Data: "64:ff9b::192.0.2.1"}, model.Record{Type: "AAAA", Data: "64:ff9b::c000:201"}},
		{"IPv6 in another type is data", govultr.DomainRecord{Type: "TXT", Data: `"2001:DB8::A"`}, model.Record{Type: "TXT", Data: "2001:DB8::A"}},
		{"no address", govultr.DomainRecord{Type: "AAAA", Data: "Somewhere"}, model.Record{Type: "AAAA", Data: "Somewhere"}},
		{"IPv4 with zeros, which is no address", govultr.DomainRecord{Type: "A", Data: "192.000.002.001"}, model.Record{Type: "A", Data: "192.000.002.001"}},
		{"a dot at a TXT's end is data", govultr.DomainRecord{Type: "TXT", Data: `"end."`}, model.Record{Type: "TXT", Data: "end."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, client.record("", tc.read)); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateSendsAndReadsBack(t *testing.T) {
	for _, tc := range []struct {
		name   string
		record model.Record
		data   string // as the API stores it
	}{
		{"an address", addressRecord("nodes.main.team", "192.0.2.1"), "192.0.2.1"},
		{"at the apex", addressRecord("", "192.0.2.1"), "192.0.2.1"},
		{"an IPv6 address", model.Record{Name: "nodes", Type: "AAAA", Data: "2001:db8::1", TTL: 1}, "2001:db8::1"},
		{"a claim", model.Record{Name: "_edgeward.main.team", Type: "TXT", Data: "heritage=edgeward,edgeward/owner=team", TTL: 120}, `"heritage=edgeward,edgeward/owner=team"`},
		{"an alias", model.Record{Name: "web.shop.lb", Type: "CNAME", Data: "lb.example.net", TTL: 120}, "lb.example.net"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, client := newZone(t, vultrtest.Options{})
			made, err := client.Create(t.Context(), tc.record)
			if err != nil || !made.Equal(tc.record) {
				t.Fatalf("got %+v, %v", made, err)
			}
			r := tc.record
			want := []vultrtest.Record{{ID: made.ID, Type: r.Type, Name: r.Name, Data: tc.data, Priority: -1, TTL: r.TTL}}
			if diff := cmp.Diff(want, api.Records(testZone)); diff != "" {
				t.Errorf("zone (-want +got):\n%s", diff)
			}
		})
	}
}

// The emulator takes a TXT without quotes, as Vultr may; it did not always.
func TestTXTIsSentInQuotes(t *testing.T) {
	var sent string
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			body, _ := io.ReadAll(r.Body)
			sent = strings.TrimSpace(string(body))
		}
		_, _ = io.WriteString(w, `{"record":{"id":"i","type":"TXT","name":"_edgeward","data":"\"heritage=edgeward\"","ttl":120}}`)
	}))
	made := create(t, client, model.Record{Name: "_edgeward", Type: "TXT", Data: "heritage=edgeward", TTL: 120})
	const want = `{"name":"_edgeward","type":"TXT","data":"\"heritage=edgeward\"","ttl":120}`
	if sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
	next := made
	next.Data = "heritage=other"
	if _, err := client.Update(t.Context(), made, next, false); err != nil || sent != `{"data":"\"heritage=other\""}` {
		t.Errorf("update: sent %s, %v", sent, err)
	}
}

func TestCreateRepliesWithoutRecord(t *testing.T) {
	for _, reply := range []string{`{}`, `{"record":null}`, `{"record":{}}`, `{"record":{"name":"www"}}`, `null`, `[]`, ``} {
		client := newClient(t, answer(201, "application/json", reply))
		made, err := client.Create(t.Context(), addressRecord("www", "192.0.2.1"))
		if err == nil || made != (model.Record{}) || httpapi.NotSent(err) || httpapi.Permanent(err) {
			t.Errorf("reply %q: got %+v, %v; want an error that leaves it open", reply, made, err)
		}
	}
}

// TestGet reads one record as it stands, whatever lists say.
func TestGet(t *testing.T) {
	api, client := newZone(t, vultrtest.Options{})
	made := create(t, client, addressRecord("www", "192.0.2.1"))
	if got, err := client.Get(t.Context(), made); err != nil || got != made {
		t.Errorf("it stands: got %+v, %v; want %+v", got, err, made)
	}
	believed := made
	believed.TTL = 7
	if got, err := client.Get(t.Context(), believed); err != nil || got != made {
		t.Errorf("it says something else: got %+v, %v; want %+v", got, err, made)
	}
	api.Remove(testZone, made.ID)
	if got, err := client.Get(t.Context(), made); !httpapi.IsNotFound(err) {
		t.Errorf("it is gone: got %+v, %v", got, err)
	}
	for _, reply := range []string{`{}`, `{"record":null}`, `{"record":{"id":"another"}}`, `null`, ``} {
		client := newClient(t, answer(200, "application/json", reply))
		if got, err := client.Get(t.Context(), made); err == nil || httpapi.IsNotFound(err) {
			t.Errorf("reply %q: got %+v, %v; want an error that leaves it open", reply, got, err)
		}
	}
}

func TestUpdateReturnsTheTTLThatIsKept(t *testing.T) {
	for _, tc := range []struct {
		name, kept string
		ask, want  int
	}{
		{name: "as asked", ask: 60, want: 60},
		{name: "raised by the API", ask: 5, want: 30},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, client := newZone(t, vultrtest.Options{MinTTL: 30})
			old := create(t, client, addressRecord("www", "192.0.2.1"))
			next := old
			next.ID, next.TTL = "", tc.ask
			kept, err := client.Update(t.Context(), old, next, false)
			want := old
			want.TTL = tc.want
			if err != nil || kept != want {
				t.Errorf("got %+v, %v; want %+v", kept, err, want)
			}
			if got := api.Records(testZone)[0].TTL; got != tc.want {
				t.Errorf("the zone has %d", got)
			}
		})
	}
}

// After the change was accepted no failure may look as if nothing was changed.
// A CNAME gets another target in place, so that its name resolves all the time.
func TestUpdateOfACNAME(t *testing.T) {
	api, client := newZone(t, vultrtest.Options{})
	made := create(t, client, model.Record{Name: "web.lb", Type: "CNAME", Data: "one.example.org", TTL: 120})
	want := model.Record{Name: "web.lb", Type: "CNAME", Data: "two.example.org", TTL: 120}
	kept, err := client.Update(t.Context(), made, want, false)
	if err != nil || !kept.Equal(want) || kept.ID != made.ID {
		t.Errorf("got %+v, %v", kept, err)
	}
	if records := api.Records("example.com"); len(records) != 1 || records[0].Data != "two.example.org" || records[0].TTL != 120 {
		t.Errorf("it has %+v", records)
	}
}

func TestUpdateThatCannotBeReadBack(t *testing.T) {
	for name, read := range map[string]http.Handler{
		"throttled":      answer(429, "application/json", `{"error":"slower"}`),
		"gone":           answer(404, "application/json", `{"error":"Invalid record."}`),
		"no record":      answer(200, "application/json", `{}`),
		"another record": answer(200, "application/json", `{"record":{"id":"other"}}`),
		"HTML":           answer(200, "text/html", `<html>`),
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				read.ServeHTTP(w, r)
			}))
			old := addressRecord("www", "192.0.2.1")
			old.ID = "id"
			changed := old
			changed.TTL = 60
			kept, err := client.Update(t.Context(), old, changed, false)
			if err == nil || kept != (model.Record{}) || httpapi.NotSent(err) || httpapi.Permanent(err) ||
				!strings.HasPrefix(err.Error(), "record www A 192.0.2.1 was changed, but reading it back: ") {
				t.Errorf("got %+v, %v", kept, err)
			}
		})
	}
}

// govultr reduces every failure to a text.
func TestRefusalsKeepTheirStatus(t *testing.T) {
	record := addressRecord("www", "192.0.2.1")
	record.ID = "id"
	changed := record
	changed.TTL = 60
	for _, tc := range []struct {
		status      int
		contentType string
		body, want  string
	}{
		{302, "text/html", "<html>moved</html>", "an HTML page"},
		{400, "application/json", `{"error":"Unable to add record: Invalid A data","status":400}`, "Unable to add record: Invalid A data"},
		{401, "application/json", `{"error":"Invalid API token VULTR-KEY.","status":401}`, "Invalid API token [redacted]."},
		{403, "application/json", ``, ""},
		{404, "text/plain", "404 page not found", "404 page not found"},
		{429, "application/json", `{"error":"slower"}`, "slower"},
		{500, "text/html", "<html>", "an HTML page"},
		{503, "application/json", `{}`, "{}"},
	} {
		for verb, call := range map[string]func(*Client) error{
			"GET records": func(c *Client) error {
				_, err := c.List(t.Context())
				return err
			},
			"POST": func(c *Client) error {
				_, err := c.Create(t.Context(), record)
				return err
			},
			"PATCH": func(c *Client) error {
				_, err := c.Update(t.Context(), record, changed, false)
				return err
			},
			"DELETE":   func(c *Client) error { return c.Delete(t.Context(), record) },
			"GET zone": func(c *Client) error { return c.Check(t.Context(), testZone) },
		} {
			calls := 0
			reply := answer(tc.status, tc.contentType, tc.body)
			err := call(newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				reply.ServeHTTP(w, r)
			})))
			if calls != 1 {
				t.Errorf("%s, status %d: %d calls", verb, tc.status, calls)
			}
			if verb == "DELETE" && tc.status == http.StatusNotFound {
				if err != nil {
					t.Errorf("deleting what is gone: %v", err)
				}
				continue
			}
			var refusal *httpapi.Error
			if !errors.As(err, &refusal) || refusal.Status != tc.status || refusal.Message != tc.want || strings.Contains(err.Error(), "gave up") {
				t.Errorf("%s, status %d: got %v", verb, tc.status, err)
			}
		}
	}
}

// A create whose reply is lost may have had its effect: govultr must not
// repeat it.
func TestLostRepliesAreNotRepeated(t *testing.T) {
	var calls atomic.Int32
	client := newClient(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	}))
	_, err := client.Create(t.Context(), addressRecord("www", "192.0.2.1"))
	if !errors.Is(err, io.EOF) || httpapi.NotSent(err) || httpapi.Permanent(err) {
		t.Errorf("got %v, want the end of the connection", err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestCheckReadsTheZone(t *testing.T) {
	api, client := newZone(t, vultrtest.Options{})
	if err := client.Check(t.Context(), testZone); err != nil {
		t.Error(err)
	}
	if calls := api.Calls(); len(calls) != 1 || calls[0].String() != "GET domains/{domain} 200" {
		t.Errorf("calls %v", calls)
	}
	if err := client.Check(t.Context(), "example.net"); !httpapi.IsNotFound(err) || !strings.HasPrefix(err.Error(), "reading the zone example.net: ") {
		t.Errorf("got %v for a zone that is not there", err)
	}
	for _, reply := range []string{``, `[]`, `null`, `{}`, `{"domain":{}}`, `<html>`} {
		if err := newClient(t, answer(200, "application/json", reply)).Check(t.Context(), testZone); err == nil {
			t.Errorf("no error for the reply %q", reply)
		}
	}
}
