package edgio

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
)

func FuzzListReply(f *testing.F) {
	for _, reply := range []string{
		`{"results":[{"uuid":"a","body":{"publishedHostname":"WWW.example.com."}},{"uuid":"b"}]}`,
		`[{"uuid":"a"}]`, `{"results":null}`, `{"results":[null]}`, `null`, `[`, `{"results":{}}`,
		`[{"uuid":"a","body":{"protocolSets":[null,{"options":[null,{"name":"req_send_header","parameters":["X-Edgeward","m"]}]}]}}]`,
	} {
		f.Add([]byte(reply))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		var list results
		if json.Unmarshal(reply, &list) != nil {
			return
		}
		for _, in := range list {
			r := in.rule()
			if r.ID == "" || r.Path == "" || r.Path[0] != '/' {
				t.Errorf("no rule: %+v", r)
			}
			if !slices.IsSortedFunc(r.Protocols, byPublished) {
				t.Errorf("protocols out of order: %+v", r.Protocols)
			}
		}
	})
}

// FuzzInstanceRoundTrip reads an instance, writes our fields and reads it
// again: it says what was asked, and everything else is as it was.
func FuzzInstanceRoundTrip(f *testing.F) {
	for _, text := range []string{
		`{"uuid":"u","x":1e3,"revision":1,"body":{"y":12345678901234567890,"protocolSets":[
			{"publishedProtocol":"https","w":"<&>","options":[{"name":"o","parameters":[1.0],"v":7},null,"x"]},
			{"publishedProtocol":"http","options":{"a":1}},7]}}`,
		`{"uuid":"u","body":null}`, `{"uuid":"u","body":{"protocolSets":7}}`,
		`{"uuid":"u","body":{"protocolSets":[{"publishedProtocol":"http","options":[{"name":"req_send_header","parameters":["x-edgeward",7]}]}]}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var before, after instance
		if json.Unmarshal(text, &before) != nil {
			return
		}
		if err := json.Unmarshal(encode(before.with(testRule()).top), &after); err != nil {
			t.Fatal(err)
		}
		want := testRule()
		want.ID = before.rule().ID
		if diff := cmp.Diff(want, after.rule()); diff != "" {
			t.Errorf("rule (-want +got):\n%s", diff)
		}
		same(t, before.top, after.top, "body", "revision", "shortname", "status")
		same(t, before.body, after.body, "serviceProfileName", "publishedHostname", "publishedUrlPath", "sourceHostname", "sourceUrlPath", "protocolSets")
		for _, p := range want.Protocols {
			was, is := before.set(p.Published), after.set(p.Published)
			same(t, was.fields, is.fields, "publishedProtocol", "publishedPort", "sourceProtocol", "sourcePort", "options")
			if diff := cmp.Diff(others(was.options), others(is.options)); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		}
	})
}

// same checks that every field but ours has the bytes it had, spaces between
// tokens aside.
func same(t *testing.T, before, after object, ours ...string) {
	t.Helper()
	got, want := make(map[string]string), make(map[string]string)
	for field, raw := range before {
		if !slices.Contains(ours, field) {
			want[field] = compact(raw)
		}
	}
	for field, raw := range after {
		if !slices.Contains(ours, field) {
			got[field] = compact(raw)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// others are the options that do not carry a mark.
func others(options []json.RawMessage) []string {
	list := []string{}
	for _, o := range options {
		if _, ok := markOf(o); !ok {
			list = append(list, compact(o))
		}
	}
	return list
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return err.Error()
	}
	return b.String()
}

// reply answers every call with 200 and these bytes.
type reply []byte

func (body reply) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

// FuzzReplies has any reply for single calls, the reading before an update
// included: what succeeds is the rule in question.
func FuzzReplies(f *testing.F) {
	for _, body := range []string{
		string(encode(newInstance(testRule(), testShortname).top)), `{"uuid":"u","body":{"publishedHostname":"www.example.com","publishedUrlPath":"/a"}}`,
		`{"uuid":"u"}`, `{"uuid":""}`, `{}`, `[]`, `null`, ``, `<html>`, `{"errors":[{"message":"x"}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client, err := New(Options{BaseURL: "https://apis.llnw.com/config-api/v1", SharedKey: testKey, HTTP: httpapi.New(httpapi.Options{Transport: reply(body)}), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		wanted := testRule()
		if made, err := client.Create(t.Context(), wanted); err == nil && (made.ID == "" || made.RuleKey != wanted.RuleKey) {
			t.Errorf("created %+v", made)
		}
		old := wanted.WithIdentity("u")
		for _, adopt := range []bool{false, true} {
			if kept, err := client.Update(t.Context(), old, wanted, adopt); err == nil && kept.RuleKey != wanted.RuleKey {
				t.Errorf("updated %+v", kept)
			}
		}
		if err := client.Delete(t.Context(), old); err == nil {
			var stood instance
			if json.Unmarshal(body, &stood) != nil || !stood.rule().SameOwner(wanted) {
				t.Errorf("deleted what was not known to be ours: %s", body)
			}
		}
	})
}
