package edgio

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/httpapi"
)

// A rule that is let go of loses its mark and nothing else, not even what
// somebody changed since it was last read.
func TestRelease(t *testing.T) {
	api, client := newAccount(t)
	made := create(t, client, wanted("www.example.com", "/"))
	api.Edit(made.ID, func(body map[string]any) {
		body["sourceUrlPath"] = "/changed"
		set := body["protocolSets"].([]any)[0].(map[string]any)
		set["options"] = append(set["options"].([]any), map[string]any{"name": "refresh_absmax", "parameters": []any{json.Number("300")}})
	})
	api.ResetCalls()
	kept, err := client.Update(t.Context(), made, made.Unlabelled(), false)
	if err != nil {
		t.Fatal(err)
	}
	wantCalls(t, api, "GET svcinst/delivery/{uuid} 200", "PUT svcinst/delivery/{uuid} 200")
	raw := string(api.Instances()[0].Raw)
	if kept.Labelled() || kept.SourcePath != "/changed" || strings.Contains(raw, "X-Edgeward") || !strings.Contains(raw, "refresh_absmax") {
		t.Errorf("kept %+v, %s", kept, raw)
	}
	if _, err := client.Update(t.Context(), made, made.Unlabelled(), false); !errors.Is(err, httpapi.ErrForeign) {
		t.Errorf("again: %v, want ErrForeign", err)
	}
}

// A port that was not told, or could not be read, is not written by a release.
func TestReleaseKeepsPorts(t *testing.T) {
	for name, port := range map[string]any{"absent": nil, "as text": "443"} {
		t.Run(name, func(t *testing.T) {
			standing := parse(t, string(encode(newInstance(wanted("www.example.com", "/"), testShortname).withID(testUUID))))
			set := standing.sets[1].fields
			if port == nil {
				delete(set, "publishedPort")
			} else {
				set.write("publishedPort", port)
			}
			standing.body.write("protocolSets", []object{standing.sets[0].fields, set})
			standing.top.write("body", standing.body)
			text := string(encode(standing.top))
			api, client := scripted(t, exchange{"GET " + member, 200, text}, exchange{"PUT " + member, 200, text})
			old := wanted("www.example.com", "/")
			old.ID = testUUID
			if _, err := client.Update(t.Context(), old, old.Unlabelled(), false); err != nil {
				t.Fatal(err)
			}
			sent := parse(t, strings.Replace(api.bodies[1], "{", `{"uuid":"u",`, 1)).set("https").fields["publishedPort"]
			if want := map[string]string{"absent": "443", "as text": `"443"`}[name]; string(sent) != want {
				t.Errorf("sent %s, want %s", sent, want)
			}
		})
	}
}
