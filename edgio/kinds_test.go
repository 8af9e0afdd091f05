package edgio

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// newAccountOf returns an emulated account of some kind and a client of it.
func newAccountOf(t *testing.T, options edgiotest.Options) (*edgiotest.Account, *Client) {
	t.Helper()
	options.Username, options.SharedKey, options.Shortname = testUser, testKey, testShortname
	api := edgiotest.NewAccount(options)
	client, _ := newClient(t, api)
	return api, client
}

// A service profile that cannot be changed is told, and keeps nothing else from
// being changed. The rule is never made anew for it.
func TestProfileThatCannotBeChanged(t *testing.T) {
	const get, put, refused = "GET svcinst/delivery/{uuid} 200", "PUT svcinst/delivery/{uuid} 200", "PUT svcinst/delivery/{uuid} 400"
	profiles := []string{"LLNW-Generic", "LLNW-Images"}
	other := func(edit func(*model.Rule)) model.Rule {
		r := wanted("www.example.com", "/")
		r.Profile = "LLNW-Images"
		edit(&r)
		return r
	}
	for _, tc := range []struct {
		name    string
		options edgiotest.Options
		ask     model.Rule
		source  string // that stands afterwards
		err     string // part of it; "": none
		calls   []string
		again   []string // the calls of a second try
	}{
		{"it can", edgiotest.Options{Profiles: profiles}, other(func(r *model.Rule) { r.SourceHost = "other.example.com" }), "other.example.com",
			"", []string{get, put}, []string{get}},
		{"the profile alone", edgiotest.Options{Profiles: profiles, FixedProfiles: true}, other(func(*model.Rule) {}), "nodes.main.team.k8s.example.com",
			"cannot be changed", []string{get, refused}, []string{get, refused}},
		{"the profile and more", edgiotest.Options{Profiles: profiles, FixedProfiles: true}, other(func(r *model.Rule) { r.SourceHost = "other.example.com" }), "other.example.com",
			"cannot be changed", []string{get, refused, put}, []string{get, refused}},
		{"told in the description", edgiotest.Options{Profiles: profiles, FixedProfiles: true, Descriptions: true}, other(func(*model.Rule) {}), "nodes.main.team.k8s.example.com",
			"Bad Request: the service profile of an instance cannot be changed", []string{get, refused}, []string{get, refused}},
		{"a profile that there is not, and more", edgiotest.Options{}, other(func(r *model.Rule) { r.SourceHost = "other.example.com" }), "other.example.com",
			"unknown service profile", []string{get, refused, put}, []string{get, refused}},
		{"more that is refused", edgiotest.Options{Profiles: profiles, FixedProfiles: true}, other(func(r *model.Rule) { r.SourceHost = "no host" }), "nodes.main.team.k8s.example.com",
			"body.sourceHostname", []string{get, refused, refused}, []string{get, refused, refused}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, client := newAccountOf(t, tc.options)
			made := create(t, client, wanted("www.example.com", "/"))
			for _, calls := range [][]string{tc.calls, tc.again} {
				api.ResetCalls()
				kept, err := client.Update(t.Context(), made, tc.ask, false)
				wantCalls(t, api, calls...)
				if tc.err == "" {
					if err != nil || !kept.Equal(tc.ask) {
						t.Errorf("kept %+v, %v", kept, err)
					}
					continue
				}
				if err == nil || !strings.Contains(err.Error(), tc.err) || !httpapi.Permanent(err) || httpapi.NotSent(err) {
					t.Errorf("got %v, want %q", err, tc.err)
				}
				if !strings.Contains(tc.name, "is refused") {
					for _, told := range []string{"rule www.example.com/", `"LLNW-Generic"`, `"LLNW-Images"`, "edgeward/service-profile"} {
						if !errors.Is(err, httpapi.ErrNotKept) || !strings.Contains(err.Error(), told) {
							t.Errorf("%q is not told by %v", told, err)
						}
					}
				}
			}
			if all := api.Instances(); len(all) != 1 || all[0].UUID != made.ID || all[0].SourceHost != tc.source {
				t.Errorf("there are %+v", all)
			}
		})
	}
}

// A refusal that is not about the profile, or that says that nothing was changed, is
// passed on as it is.
func TestOtherRefusalsOfAProfile(t *testing.T) {
	for _, status := range []int{401, 403, 404, 408, 429, 500, 504} {
		standing := string(encode(newInstance(wanted("www.example.com", "/"), testShortname).withID(testUUID)))
		_, client := scripted(t, exchange{"GET " + member, 200, standing}, exchange{"PUT " + member, status, ""})
		change := wanted("www.example.com", "/")
		change.ID, change.Profile, change.SourceHost = testUUID, "LLNW-Images", "other.example.com"
		_, err := client.Update(t.Context(), change, change, false)
		var refusal *httpapi.Error
		if !errors.As(err, &refusal) || refusal.Status != status || errors.Is(err, httpapi.ErrNotKept) {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}

// What the user may not see is never written back.
func TestMaskedFieldsAreNotWritten(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edit  func(body map[string]any) // of what the API shows
		field string                    // that is named; "": none, it is written
	}{
		{"a field that is not ours", func(b map[string]any) { b["note"] = "****" }, "body.note"},
		{"one of the account's own length", func(b map[string]any) { b["note"] = "*" }, "body.note"},
		{"deep in an object", func(b map[string]any) {
			b["more"] = map[string]any{"list": []any{"x", map[string]any{"key": "********"}}}
		}, "body.more.list[1].key"},
		{"the origin", func(b map[string]any) { b["sourceHostname"] = "****" }, "body.sourceHostname"},
		{"the profile", func(b map[string]any) { b["serviceProfileName"] = "****" }, "body.serviceProfileName"},
		{"a port", func(b map[string]any) { b["protocolSets"].([]any)[1].(map[string]any)["sourcePort"] = "*****" }, "body.protocolSets[1].sourcePort"},
		{"a parameter", func(b map[string]any) { add(b, "****") }, "body.protocolSets[0].options[1].parameters[1]"},
		{"a parameter that is an asterisk", func(b map[string]any) { add(b, "*") }, ""},
		{"asterisks and more", func(b map[string]any) { b["note"] = "** see the manual **" }, ""},
		{"nothing", func(b map[string]any) { b["note"] = "" }, ""},
	} {
		for verb, next := range map[string]func(model.Rule) model.Rule{
			"update":  func(r model.Rule) model.Rule { r.SourcePath = "/other"; return r },
			"release": model.Rule.Unlabelled,
		} {
			t.Run(tc.name+", "+verb, func(t *testing.T) {
				api, client := newAccountOf(t, edgiotest.Options{})
				made := create(t, client, wanted("www.example.com", "/"))
				// The emulator's own fields have types; a mask has not.
				standing := maskedReply(t, api, made.ID, tc.edit)
				calls := []exchange{{"GET " + collection + "/" + made.ID, 200, standing}}
				if tc.field == "" {
					calls = append(calls, exchange{"PUT " + collection + "/" + made.ID, 200, standing})
				}
				_, client = scripted(t, calls...)
				_, err := client.Update(t.Context(), made, next(wanted("www.example.com", "/")), false)
				if tc.field == "" {
					if err != nil {
						t.Errorf("got %v", err)
					}
					return
				}
				if !errors.Is(err, httpapi.ErrUnsupported) || !httpapi.NotSent(err) || !strings.Contains(err.Error(), " "+tc.field+" ") {
					t.Errorf("got %v, want %s named", err, tc.field)
				}
			})
		}
	}
}

// add gives the first protocol set a header with a value.
func add(body map[string]any, value string) {
	set := body["protocolSets"].([]any)[0].(map[string]any)
	set["options"] = append(set["options"].([]any), map[string]any{"name": "reply_send_header", "parameters": []any{"Access-Control-Allow-Origin", value}})
}

// maskedReply is an instance as the API would show it after edit.
func maskedReply(t *testing.T, api *edgiotest.Account, id string, edit func(body map[string]any)) string {
	t.Helper()
	i := slices.IndexFunc(api.Instances(), func(i edgiotest.Instance) bool { return i.UUID == id })
	top := decode[object](api.Instances()[i].Raw)
	var body map[string]any
	if err := json.Unmarshal(top["body"], &body); err != nil {
		t.Fatal(err)
	}
	edit(body)
	top.write("body", body)
	return string(encode(top))
}

// What the API writes itself may be masked: it is not sent back.
func TestMaskedRevision(t *testing.T) {
	api, client := newAccountOf(t, edgiotest.Options{Masked: []string{"createdBy"}})
	made := create(t, client, wanted("www.example.com", "/"))
	change := wanted("www.example.com", "/")
	change.SourcePath = "/other"
	if kept, err := client.Update(t.Context(), made, change, false); err != nil || !kept.Equal(change) {
		t.Errorf("got %+v, %v", kept, err)
	}
	if got := api.Instances()[0].SourcePath; got != "/other" {
		t.Errorf("the origin path is %q", got)
	}
}

// A user who may not see much lists all rules, and changes none of which something
// would be lost.
func TestRestrictedUser(t *testing.T) {
	body := string(encode(newInstance(wanted("www.example.com", "/"), testShortname).body))
	change := wanted("www.example.com", "/")
	change.SourceHost = "other.example.com"
	for _, tc := range []struct {
		masked []string
		err    error
	}{
		{[]string{"sourceHostname"}, httpapi.ErrUnsupported},
		{[]string{"serviceProfileName", "sourceUrlPath"}, httpapi.ErrUnsupported},
		{[]string{"name"}, httpapi.ErrForeign}, // no option is known to be the mark
		{[]string{"parameters"}, httpapi.ErrForeign},
		{[]string{"publishedHostname"}, httpapi.ErrForeign},
		{[]string{"body"}, httpapi.ErrForeign},
		{[]string{"state", "createdBy"}, nil},
	} {
		t.Run(strings.Join(tc.masked, " and "), func(t *testing.T) {
			api, client := newAccountOf(t, edgiotest.Options{Masked: tc.masked})
			old := wanted("www.example.com", "/")
			old.ID = api.Seed(body)
			if rules, err := client.List(t.Context()); err != nil || len(rules) != 1 || rules[0].ID != old.ID || rules[0].Pending {
				t.Errorf("listed %+v, %v", rules, err)
			}
			_, err := client.Update(t.Context(), old, change, false)
			if !errors.Is(err, tc.err) {
				t.Errorf("got %v, want %v", err, tc.err)
			}
			if changed := api.Instances()[0].Version > 1; changed != (tc.err == nil) {
				t.Errorf("it was changed: %t", changed)
			}
		})
	}
}

// A published port that a reply leaves out is the protocol's own, and nothing is
// written for it.
func TestOmittedPorts(t *testing.T) {
	api, client := newAccountOf(t, edgiotest.Options{OmitDefaultPorts: true})
	want := wanted("www.example.com", "/")
	made := create(t, client, want)
	if !made.Equal(want) {
		t.Errorf("made %+v", made)
	}
	api.ResetCalls()
	kept, err := client.Update(t.Context(), made, want, false)
	if err != nil || !kept.Equal(want) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	wantCalls(t, api, "GET svcinst/delivery/{uuid} 200")
}

func TestPendingRules(t *testing.T) {
	now := time.Now()
	_, client := newAccountOf(t, edgiotest.Options{Pending: time.Minute, Now: func() time.Time { return now }})
	made := create(t, client, wanted("www.example.com", "/"))
	pending := func() bool {
		rules, err := client.List(t.Context())
		if err != nil || len(rules) != 1 {
			t.Fatalf("listed %+v, %v", rules, err)
		}
		return rules[0].Pending
	}
	if !made.Pending || !pending() {
		t.Error("it is served at once")
	}
	now = now.Add(time.Minute)
	if pending() {
		t.Error("it is never served")
	}
	change := wanted("www.example.com", "/")
	change.SourcePath = "/other"
	if kept, err := client.Update(t.Context(), made, change, false); err != nil || !kept.Pending {
		t.Errorf("kept %+v, %v", kept, err)
	}
}
