package vultrtest

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a call that sets the TTL is told by each switch.
func TestPatchSwitches(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options Options
		patch   string
		refused string
	}{
		{"data", Options{RefuseTTLPatch: true, RefuseTTLWithData: true}, `{"data":"192.0.2.2"}`, ""},
		{"TTL, refused", Options{RefuseTTLPatch: true}, `{"ttl":60}`, "Unable to update record: TTL can not be changed"},
		{"TTL", Options{RefuseTTLWithData: true}, `{"ttl":60}`, ""},
		{"both, refused", Options{RefuseTTLWithData: true}, `{"ttl":60,"data":"192.0.2.2"}`, "Unable to update record: ttl and data should not be changed at once"},
		{"both, refused though the TTL is the same", Options{RefuseTTLWithData: true}, `{"ttl":120,"data":"192.0.2.2"}`, "Unable to update record: ttl and data"},
		{"both", Options{RefuseTTLPatch: true}, `{"ttl":60,"data":"192.0.2.2"}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newTestAccount(tc.options)
			r := addRecord(t, a, `{"name":"a","type":"A","data":"192.0.2.1","ttl":120}`)
			before := a.Records(testZone)
			w := request(a, "PATCH", recordsPath+"/"+r.ID, tc.patch)
			if tc.refused == "" {
				wantNoContent(t, w)
				return
			}
			wantStatus(t, w, http.StatusBadRequest)
			if !strings.HasPrefix(w.Body.String(), `{"error":"`+tc.refused) {
				t.Errorf("reply %s, want %q", w.Body, tc.refused)
			}
			if diff := cmp.Diff(before, a.Records(testZone)); diff != "" {
				t.Errorf("changed all the same:\n%s", diff)
			}
		})
	}
}

func TestTextsOfVultr(t *testing.T) {
	a := newTestAccount(Options{Limit: 3})
	w := request(a, "POST", recordsPath, `{"name":"a","type":"A","data":"192.0.2.1","ttl":120}`)
	if r := decode[recordReply](t, w).Record; r.Priority != -1 {
		t.Errorf("made without a priority it has %d", r.Priority)
	}
	if r := addRecord(t, a, `{"name":"b","type":"A","data":"192.0.2.1","ttl":120,"priority":0}`); r.Priority != 0 {
		t.Errorf("made with priority 0 it has %d", r.Priority)
	}
	w = request(a, "POST", recordsPath, `{"name":"a","type":"A","data":"192.0.2.2","ttl":60}`)
	const mixed = `{"error":"Unable to add record: New records TTL (60) must match the TTL of existing records (120)","status":400}`
	if w.Code != 400 || w.Body.String() != mixed {
		t.Errorf("mixed TTLs: %d %s, want %s", w.Code, w.Body, mixed)
	}
	w = request(a, "GET", recordsPath, "")
	if want := `{"status":429,"error":"rate limit exceeded"}`; w.Code != 429 || w.Body.String() != want {
		t.Errorf("too many calls: %d %s, want %s", w.Code, w.Body, want)
	}
}

// Data in a notation of the API's own are shown wherever records are, and change
// nothing in the zone.
func TestOtherNotations(t *testing.T) {
	a := newTestAccount(Options{LongIPv6: true, WholeNames: true})
	for body, want := range map[string]Record{
		`{"name":"a","type":"AAAA","data":"2001:db8::1","ttl":120}`:           {Type: "AAAA", Name: "A.EXAMPLE.COM.", Data: "2001:0DB8:0000:0000:0000:0000:0000:0001"},
		`{"name":"","type":"A","data":"192.0.2.1","ttl":120}`:                 {Type: "A", Name: "EXAMPLE.COM.", Data: "192.0.2.1"},
		`{"name":"c","type":"CNAME","data":"www.example.org","ttl":120}`:      {Type: "CNAME", Name: "C.EXAMPLE.COM.", Data: "WWW.EXAMPLE.ORG."},
		`{"name":"t","type":"TXT","data":"\"2001:db8::1\"","ttl":120}`:        {Type: "TXT", Name: "T.EXAMPLE.COM.", Data: `"2001:db8::1"`},
		`{"name":"m","type":"MX","data":".","priority":0,"ttl":120}`:          {Type: "MX", Name: "M.EXAMPLE.COM.", Data: "."},
		`{"name":"s","type":"SRV","data":"0 1 h.org","priority":1,"ttl":120}`: {Type: "SRV", Name: "S.EXAMPLE.COM.", Data: "0 1 H.ORG."},
	} {
		made := addRecord(t, a, body)
		want.ID, want.TTL, want.Priority = made.ID, 120, made.Priority
		if diff := cmp.Diff(want, made); diff != "" {
			t.Errorf("made (-want +got):\n%s", diff)
		}
		if got := decode[recordReply](t, request(a, "GET", recordsPath+"/"+made.ID, "")).Record; got != made {
			t.Errorf("read %+v, made %+v", got, made)
		}
	}
	if got := a.Records(testZone)[0].Name; strings.Contains(got, ".") {
		t.Errorf("the zone has the name %q", got)
	}
	w := request(a, "POST", recordsPath, `{"name":"a","type":"AAAA","data":"2001:DB8:0::1","ttl":120}`)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "already exists") {
		t.Errorf("the same address in another notation: %d %s", w.Code, w.Body)
	}
}

// A CNAME's target in Unicode keeps the caller waiting, and nobody else.
func TestUnicodeTargetHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTestAccount(Options{Hang: time.Minute})
		r := addRecord(t, a, `{"name":"a","type":"CNAME","data":"www.example.org","ttl":120}`)
		start := time.Now()
		wantStatus(t, request(a, "POST", recordsPath, `{"name":"b","type":"CNAME","data":"bücher.example.org","ttl":120}`), http.StatusGatewayTimeout)
		wantStatus(t, request(a, "PATCH", recordsPath+"/"+r.ID, `{"data":"bücher.example.org"}`), http.StatusGatewayTimeout)
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("two such calls took %s", took)
		}
		wantStatus(t, request(a, "POST", recordsPath, `{"name":"b","type":"A","data":"bücher","ttl":120}`), http.StatusBadRequest)
		answered := make(chan bool)
		go func() {
			request(a, "PATCH", recordsPath+"/"+r.ID, `{"data":"bücher.example.org"}`)
			close(answered)
		}()
		synctest.Wait()
		wantStatus(t, request(a, "GET", recordsPath, ""), http.StatusOK)
		if records := a.Records(testZone); len(records) != 1 || records[0].Data != "www.example.org" {
			t.Errorf("the zone has %+v", records)
		}
		<-answered
	})
}
