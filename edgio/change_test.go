package edgio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

const (
	collection = "/svcinst/delivery"
	testUUID   = "78df6c87-b19f-42cb-bee7-263ec58e3950"
	member     = collection + "/" + testUUID
)

func TestCreateMarksEveryProtocolSet(t *testing.T) {
	api, client := newAccount(t)
	want := wanted("www.example.com", "/app/")
	made, err := client.Create(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	stored := api.Instances()
	if len(stored) != 1 || made.ID != stored[0].UUID || !made.Equal(want) {
		t.Fatalf("got %+v of %d instances", made, len(stored))
	}
	mark := []edgiotest.Option{{Name: "req_send_header", Parameters: []any{"X-Edgeward", markOn("team", "www.example.com", "/app/")}}}
	expect := edgiotest.Instance{
		UUID: made.ID, Host: "www.example.com", Path: "/app/", SourceHost: "nodes.main.team.k8s.example.com", SourcePath: "/app/",
		Profile: "LLNW-Generic", Version: 1, Raw: stored[0].Raw,
		ProtocolSets: []edgiotest.ProtocolSet{
			{PublishedProtocol: "http", SourceProtocol: "http", PublishedPort: 80, SourcePort: 30080, Options: mark},
			{PublishedProtocol: "https", SourceProtocol: "http", PublishedPort: 443, SourcePort: 30080, Options: mark},
		},
	}
	if diff := cmp.Diff(expect, stored[0]); diff != "" {
		t.Errorf("instance (-want +got):\n%s", diff)
	}
}

// A rule that the API publishes elsewhere than asked would go unnoticed for
// ever: no search for what was asked finds it.
func TestCreateElsewhereIsUndone(t *testing.T) {
	asked := wanted("www.example.com", "/app")
	for _, tc := range []struct {
		name   string
		reply  string // of the create call
		status int    // of the removal
		err    string
	}{
		{"another path", seededAs(testUUID, "www.example.com", "/app/"), 200, "published as www.example.com/app/"},
		{"another host", seededAs(testUUID, "example.com", "/app"), 200, "published as example.com/app"},
		{"no body", `{"uuid":"` + testUUID + `"}`, 200, "published as /"},
		{"without our mark", seededAs(testUUID, "www.example.com", "/app"), 200, "with the marks []"},
		{"with a mark that the user may not see", `{"uuid":"` + testUUID + `","body":{"publishedHostname":"www.example.com","publishedUrlPath":"/app","protocolSets":[
			{"publishedProtocol":"https","options":[{"name":"req_send_header","parameters":["X-Edgeward","****"]}]}]}}`, 200, `with the marks ["****"]`},
		{"gone by itself", seededAs(testUUID, "example.com", "/app"), 404, "published as example.com/app"},
		{"the removal is throttled", seededAs(testUUID, "example.com", "/app"), 429, "removing it failed: DELETE"},
		{"with the mark of another Ingress", markedAs("team/main/web/sho/" + asked.Protocols[0].Label[len("team/main/web/shop/"):]), 200, "with the marks"},
		{"with the mark of another cluster", markedAs("team/mai/web/shop/" + asked.Protocols[0].Label[len("team/main/web/shop/"):]), 200, "with the marks"},
		{"with our mark cut", markedAs(asked.Protocols[0].Label[:len(asked.Protocols[0].Label)-1]), 200, "with the marks"},
		{"with our mark in capitals", markedAs(strings.ToUpper(asked.Protocols[0].Label)), 200, "with the marks"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, client := scripted(t,
				exchange{"POST " + collection, 200, tc.reply},
				exchange{"GET " + member, 200, tc.reply},
				exchange{"DELETE " + member, tc.status, tc.reply})
			made, err := client.Create(t.Context(), asked)
			if stays := tc.status == 429; (made.ID == testUUID) != stays {
				t.Errorf("it says that %+v stands", made)
			}
			if !errors.Is(err, httpapi.ErrNotKept) || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("got %v, want ErrNotKept and %q", err, tc.err)
			}
			if httpapi.NotSent(err) {
				t.Error("it counts as never sent")
			}
		})
	}
}

// markedAs is the instance that is asked for, but for its mark.
func markedAs(mark string) string {
	r := wanted("www.example.com", "/app")
	for i := range r.Protocols {
		r.Protocols[i].Label = mark
	}
	return string(encode(newInstance(r, testShortname).withID(testUUID)))
}

// An answer may show less than what stands, or nothing but an ID: then the rule is read.
func TestShortAnswers(t *testing.T) {
	asked := wanted("www.example.com", "/app")
	standing := markedAs(asked.Protocols[0].Label)
	for name, answer := range map[string]string{
		"nothing but the ID": `{"uuid":"` + testUUID + `"}`, "without options": seededAs(testUUID, "www.example.com", "/app"),
	} {
		for verb, write := range map[string]func() (model.Rule, error){
			"create": func() (model.Rule, error) {
				_, client := scripted(t, exchange{"POST " + collection, 200, answer}, exchange{"GET " + member, 200, standing})
				return client.Create(t.Context(), asked)
			},
			"update": func() (model.Rule, error) {
				before := wanted("www.example.com", "/app")
				before.ID, before.SourceHost = testUUID, "other.example.com"
				_, client := scripted(t,
					exchange{"GET " + member, 200, string(encode(newInstance(before, testShortname).withID(testUUID)))},
					exchange{"PUT " + member, 200, answer}, exchange{"GET " + member, 200, standing})
				return client.Update(t.Context(), before, asked, false)
			},
		} {
			t.Run(name+", "+verb, func(t *testing.T) {
				if made, err := write(); err != nil || made.ID != testUUID || !made.Equal(asked) {
					t.Errorf("got %+v, %v", made, err)
				}
			})
		}
	}
}

// seededAs is an instance with a UUID.
func seededAs(uuid, host, path string) string {
	return `{"uuid":"` + uuid + `","body":` + seeded(host, path) + `}`
}

func TestCreateFails(t *testing.T) {
	for _, tc := range []struct {
		name    string
		status  int
		reply   string
		err     string
		notSent bool
	}{
		{"refused", 400, `{"errors":[{"message":"required","source":"accounts"}]}`, "creating rule h/: POST /config-api/v1/svcinst/delivery: 400 Bad Request: accounts: required", false},
		{"throttled", 429, ``, "429", true},
		{"a reply without uuid", 200, `{"body":{}}`, "no uuid", false},
		{"a reply that is null", 200, `null`, "null", false},
		{"a reply that is a list", 200, `[]`, "not what the API describes", false},
		{"an empty reply", 200, ``, "not what the API describes", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, client := scripted(t, exchange{"POST " + collection, tc.status, tc.reply})
			_, err := client.Create(t.Context(), wanted("h", "/"))
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("got %v, want %q", err, tc.err)
			}
			if got := httpapi.NotSent(err); got != tc.notSent {
				t.Errorf("NotSent: %v", got)
			}
		})
	}
}

func TestUpdateReadsBeforeItWrites(t *testing.T) {
	api, client := newAccount(t)
	made := create(t, client, wanted("www.example.com", "/"))
	api.Edit(made.ID, func(body map[string]any) {
		body["note"] = json.Number("12345678901234567890")
		set := body["protocolSets"].([]any)[0].(map[string]any)
		set["options"] = append(set["options"].([]any), map[string]any{"name": "refresh_absmax", "parameters": []any{json.Number("300")}})
	})
	change := wanted("www.example.com", "/")
	change.SourceHost = "nodes.other.team.k8s.example.com"
	change.Protocols = change.Protocols[:1]

	api.ResetCalls()
	kept, err := client.Update(t.Context(), made, change, false)
	if err != nil {
		t.Fatal(err)
	}
	wantCalls(t, api, "GET svcinst/delivery/{uuid} 200", "PUT svcinst/delivery/{uuid} 200")
	if kept.ID != made.ID || !kept.Equal(change) {
		t.Errorf("kept (-want +got):\n%s", cmp.Diff(change, kept))
	}
	raw := string(api.Instances()[0].Raw)
	for _, foreign := range []string{`"note":12345678901234567890`, `"name":"refresh_absmax"`} {
		if !strings.Contains(raw, foreign) {
			t.Errorf("%s is lost from %s", foreign, raw)
		}
	}
}

func TestUpdateThatChangesNothingWritesNothing(t *testing.T) {
	api, client := newAccount(t)
	want := wanted("www.example.com", "/")
	made := create(t, client, want)
	// Written otherwise, and with more in it, it still says the same.
	api.Edit(made.ID, func(body map[string]any) {
		body["publishedHostname"], body["note"] = "WWW.Example.com", "x"
		body["protocolSets"].([]any)[0].(map[string]any)["publishedPort"] = nil
	})
	api.ResetCalls()
	kept, err := client.Update(t.Context(), made, want, false)
	if err != nil || kept.ID != made.ID || !kept.Equal(want) {
		t.Errorf("got %+v, %v", kept, err)
	}
	wantCalls(t, api, "GET svcinst/delivery/{uuid} 200")
}

// options sets the options of every protocol set.
func options(body map[string]any, options ...any) {
	for _, set := range body["protocolSets"].([]any) {
		set.(map[string]any)["options"] = options
	}
}

// header is the option that sends one.
func header(name, value string) map[string]any {
	return map[string]any{"name": "req_send_header", "parameters": []any{name, value}}
}

// What somebody may do to a rule of ours between our reading and our writing.
func meanwhile() map[string]func(body map[string]any) {
	return map[string]func(body map[string]any){
		"the mark was removed":           func(body map[string]any) { options(body) },
		"the options are null":           func(body map[string]any) { options(body, nil...) },
		"the protocol sets were removed": func(body map[string]any) { body["protocolSets"] = nil },
		"another owner marked it":        func(body map[string]any) { options(body, header("X-Edgeward", markOn("them", "www.example.com", "/"))) },
		"the mark is of another path": func(body map[string]any) {
			options(body, header("X-Edgeward", markOn("team", "www.example.com", "/x")))
		},
		"the mark is no mark":              func(body map[string]any) { options(body, header("X-Edgeward", "team")) },
		"it was published on another host": func(body map[string]any) { body["publishedHostname"] = "example.com" },
		"it was published on another path": func(body map[string]any) { body["publishedUrlPath"] = "/x" },
		"another owner took it elsewhere": func(body map[string]any) {
			body["publishedUrlPath"] = "/x"
			options(body, header("X-Edgeward", markOn("them", "www.example.com", "/x")))
		},
		"it was moved with a valid mark": func(body map[string]any) {
			body["publishedUrlPath"] = "/x"
			options(body, header("X-Edgeward", markOn("team", "www.example.com", "/x")))
		},
	}
}

func TestForeignRulesStay(t *testing.T) {
	for name, edit := range meanwhile() {
		for verb, change := range map[string]func(context.Context, *Client, model.Rule) error{
			"update": func(ctx context.Context, c *Client, old model.Rule) error {
				next := wanted("www.example.com", "/")
				next.SourceHost = "other.example.com"
				_, err := c.Update(ctx, old, next, false)
				return err
			},
			"delete": func(ctx context.Context, c *Client, old model.Rule) error { return c.Delete(ctx, old) },
		} {
			t.Run(name+", "+verb, func(t *testing.T) {
				api, client := newAccount(t)
				made := create(t, client, wanted("www.example.com", "/"))
				api.Edit(made.ID, edit)
				api.ResetCalls()
				err := change(t.Context(), client, made)
				if !errors.Is(err, httpapi.ErrForeign) || !strings.Contains(err.Error(), "rule www.example.com/: ") {
					t.Errorf("got %v, want ErrForeign", err)
				}
				wantCalls(t, api, "GET svcinst/delivery/{uuid} 200")
			})
		}
	}
}

func TestAdoption(t *testing.T) {
	const body = `{"serviceKey":{"name":"delivery"},"serviceProfileName":"LLNW-Generic","publishedHostname":"www.example.com","publishedUrlPath":"/",
		"sourceHostname":"old.example.com","sourceUrlPath":"/","note":"by hand","protocolSets":[
		{"publishedProtocol":"https","sourceProtocol":"https","options":[{"name":"reply_send_header","parameters":["X-By","cdn"]}]}]}`
	for _, tc := range []struct {
		name  string
		edit  func(body map[string]any)
		adopt bool
		taken bool
	}{
		{"unmarked", nil, true, true},
		{"unmarked, not asked to", nil, false, false},
		{"another header", func(body map[string]any) { options(body, header("X-Edge", "team")) }, true, true},
		{"marked by another owner", func(body map[string]any) {
			options(body, header("X-Edgeward", markOn("them", "www.example.com", "/")))
		}, true, false},
		{"a copy of one of theirs", func(body map[string]any) {
			options(body, header("X-Edgeward", markOn("them", "old.example.com", "/")))
		}, true, false},
		{"an invalid mark", func(body map[string]any) { options(body, header("x-edgeward", "x")) }, true, false},
		{"moved to another host meanwhile", func(body map[string]any) { body["publishedHostname"] = "example.com" }, true, false},
		{"moved to another path meanwhile", func(body map[string]any) { body["publishedUrlPath"] = "/x" }, true, false},
		{"ours already", func(body map[string]any) {
			options(body, header("X-Edgeward", markOn("team", "www.example.com", "/")))
		}, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api := edgiotest.NewAccount(edgiotest.Options{Username: testUser, SharedKey: testKey, Shortname: testShortname})
			client, log := newClient(t, api)
			old := model.Rule{ID: api.Seed(body), RuleKey: model.RuleKey{CDN: Name, Host: "www.example.com", Path: "/"}}
			if tc.edit != nil {
				api.Edit(old.ID, tc.edit)
			}
			before := api.Instances()[0]
			want := wanted("www.example.com", "/")
			kept, err := client.Update(t.Context(), old, want, tc.adopt)
			after := api.Instances()[0]
			if !tc.taken {
				if !errors.Is(err, httpapi.ErrForeign) || after.Version != before.Version || log.Len() > 0 {
					t.Errorf("got %v, version %d, log %q; want it left alone", err, after.Version, log)
				}
				return
			}
			if err != nil || kept.ID != old.ID || !kept.Equal(want) || !strings.Contains(string(after.Raw), `"note":"by hand"`) {
				t.Errorf("got %+v, %v of %s", kept, err, after.Raw)
			}
			marked := strings.Contains(string(before.Raw), "X-Edgeward")
			if was := strings.Contains(log.String(), "old.example.com"); was == marked {
				t.Errorf("what was there is logged: %v: %s", was, log)
			}
		})
	}
}

func TestGoneRules(t *testing.T) {
	api, client := newAccount(t)
	made := create(t, client, wanted("www.example.com", "/"))
	if err := client.Delete(t.Context(), made); err != nil || len(api.Instances()) != 0 {
		t.Fatalf("got %v, %d instances left", err, len(api.Instances()))
	}
	if err := client.Delete(t.Context(), made); err != nil {
		t.Errorf("deleting again: %v", err)
	}
	if _, err := client.Update(t.Context(), made, wanted("www.example.com", "/"), false); !httpapi.IsNotFound(err) {
		t.Errorf("updating: got %v, want not found", err)
	}
}

func TestGoneBetweenReadingAndWriting(t *testing.T) {
	standing := string(encode(newInstance(wanted("www.example.com", "/"), testShortname).withID(testUUID)))
	change := wanted("www.example.com", "/")
	change.SourceHost = "other.example.com"
	old := change
	old.ID = testUUID
	t.Run("delete", func(t *testing.T) {
		_, client := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"DELETE " + member, 404, ""})
		if err := client.Delete(t.Context(), old); err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("update", func(t *testing.T) {
		_, client := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"PUT " + member, 404, ""})
		if _, err := client.Update(t.Context(), old, change, false); !httpapi.IsNotFound(err) {
			t.Errorf("got %v, want not found", err)
		}
	})
	t.Run("throttled, so that nothing was changed", func(t *testing.T) {
		_, client := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"PUT " + member, 429, ""})
		if _, err := client.Update(t.Context(), old, change, false); !httpapi.NotSent(err) {
			t.Errorf("got %v, want one that says so", err)
		}
	})
	t.Run("the reply is lost, so that it may have been changed", func(t *testing.T) {
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, standing)
		}))
		if _, err := client.Update(t.Context(), old, change, false); err == nil || httpapi.NotSent(err) || httpapi.Permanent(err) {
			t.Errorf("got %v, want one that leaves it open", err)
		}
	})
}

// withID returns the top-level fields as the API shows them.
func (in instance) withID(uuid string) object {
	in.top.write("uuid", uuid)
	return in.top
}

func TestRefusedChanges(t *testing.T) {
	for _, status := range []int{302, 400, 401, 403, 500, 504} {
		for verb, change := range map[string]func(*Client) error{
			"update": func(c *Client) error {
				_, err := c.Update(t.Context(), model.Rule{ID: testUUID}, wanted("h", "/"), false)
				return err
			},
			"delete": func(c *Client) error { return c.Delete(t.Context(), model.Rule{ID: testUUID}) },
		} {
			_, client := scripted(t, exchange{"GET " + member, status, `{"errors":[{"message":"because"}]}`})
			err := change(client)
			var refusal *httpapi.Error
			if !errors.As(err, &refusal) || refusal.Status != status || refusal.Message != "because" {
				t.Errorf("%s, status %d: got %v", verb, status, err)
			}
		}
	}
}
