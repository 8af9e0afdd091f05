package edgio

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/model"
)

// parse reads an instance that a test wrote.
func parse(t *testing.T, text string) instance {
	t.Helper()
	var in instance
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestRuleOfInstance(t *testing.T) {
	rule := func(change func(*model.Rule)) model.Rule {
		r := model.Rule{ID: "u", RuleKey: model.RuleKey{CDN: Name, Path: "/"}}
		change(&r)
		return r
	}
	protocols := func(p ...model.Protocol) model.Rule {
		return rule(func(r *model.Rule) { r.Protocols = p })
	}
	for _, tc := range []struct {
		name, instance string
		want           model.Rule
	}{
		{"all fields", `{"uuid":"u","isEnabled":true,"body":{"serviceKey":{"name":"delivery"},"serviceProfileName":"LLNW-Generic",
			"publishedHostname":"www.example.com","publishedUrlPath":"/app/","sourceHostname":"web.k8s.example.com","sourceUrlPath":"/src/",
			"protocolSets":[{"publishedProtocol":"https","sourceProtocol":"http","publishedPort":443,"sourcePort":30080,
			"options":[{"name":"reply_send_header","parameters":["X-By","cdn"]},{"name":"req_send_header","parameters":["X-Edgeward","m"]}]}]}}`,
			model.Rule{
				ID: "u", RuleKey: model.RuleKey{CDN: Name, Host: "www.example.com", Path: "/app/"},
				SourceHost: "web.k8s.example.com", SourcePath: "/src/", Profile: "LLNW-Generic",
				Protocols: []model.Protocol{{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 30080, Label: "m"}},
			}},
		{"no body", `{"uuid":"u"}`, rule(func(*model.Rule) {})},
		{"a body that is null", `{"uuid":"u","body":null}`, rule(func(*model.Rule) {})},
		{"a body of another type", `{"uuid":"u","body":["publishedHostname"]}`, rule(func(*model.Rule) {})},
		{"hosts in upper case and with a dot", `{"uuid":"u","body":{"publishedHostname":"WWW.Example.COM.","sourceHostname":"Web.Example.com."}}`,
			rule(func(r *model.Rule) { r.Host, r.SourceHost = "www.example.com", "web.example.com" })},
		{"a path without a slash", `{"uuid":"u","body":{"publishedUrlPath":"app"}}`, rule(func(r *model.Rule) { r.Path = "/app" })},
		{"an empty path", `{"uuid":"u","body":{"publishedUrlPath":""}}`, rule(func(*model.Rule) {})},
		{"a source path is taken as it is", `{"uuid":"u","body":{"sourceUrlPath":"app"}}`, rule(func(r *model.Rule) { r.SourcePath = "app" })},
		{"strings of other types", `{"uuid":"u","body":{"publishedHostname":7,"publishedUrlPath":null,"sourceHostname":{},"sourceUrlPath":[],"serviceProfileName":true}}`,
			rule(func(*model.Rule) {})},
		{"fields in other letters are not ours", `{"uuid":"u","body":{"publishedhostname":"www.example.com"}}`, rule(func(*model.Rule) {})},

		{"protocol sets of another type", `{"uuid":"u","body":{"protocolSets":{"publishedProtocol":"https"}}}`, rule(func(*model.Rule) {})},
		{"protocol sets that are null", `{"uuid":"u","body":{"protocolSets":null}}`, rule(func(*model.Rule) {})},
		{"a set that is no object", `{"uuid":"u","body":{"protocolSets":["https",null,{"publishedProtocol":"http"}]}}`,
			protocols(model.Protocol{}, model.Protocol{}, model.Protocol{Published: "http", PublishedPort: 80})},
		{"three sets, in order", `{"uuid":"u","body":{"protocolSets":[
			{"publishedProtocol":"https","sourcePort":1},{"publishedProtocol":"http"},{"publishedProtocol":"https","sourcePort":2}]}}`,
			protocols(model.Protocol{Published: "http", PublishedPort: 80}, model.Protocol{Published: "https", PublishedPort: 443, SourcePort: 1},
				model.Protocol{Published: "https", PublishedPort: 443, SourcePort: 2})},
		{"ports that are the protocols' own", `{"uuid":"u","body":{"protocolSets":[{"publishedProtocol":"https","sourceProtocol":"http"},
			{"publishedProtocol":"https","publishedPort":null,"sourceProtocol":"https","sourcePort":0}]}}`,
			protocols(model.Protocol{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 80},
				model.Protocol{Published: "https", PublishedPort: 443, Source: "https", SourcePort: 443})},
		{"completed", `{"uuid":"u","status":{"state":"COMPLETED"}}`, rule(func(*model.Rule) {})},
		{"completed, in other letters", `{"uuid":"u","status":{"state":" Completed"}}`, rule(func(*model.Rule) {})},
		{"in progress", `{"uuid":"u","status":{"state":"IN_PROGRESS"}}`, rule(func(r *model.Rule) { r.Pending = true })},
		{"in a state that nobody knows", `{"uuid":"u","status":{"state":"FAILED"}}`, rule(func(r *model.Rule) { r.Pending = true })},
		{"without a state", `{"uuid":"u","status":{}}`, rule(func(*model.Rule) {})},
		{"with an empty state", `{"uuid":"u","status":{"state":""}}`, rule(func(*model.Rule) {})},
		{"with a state that is null", `{"uuid":"u","status":{"state":null}}`, rule(func(*model.Rule) {})},
		{"with a status of another type", `{"uuid":"u","status":"IN_PROGRESS"}`, rule(func(*model.Rule) {})},
		{"with a state that the user may not see", `{"uuid":"u","status":{"state":"****"}}`, rule(func(*model.Rule) {})},
		{"of which the user may see nothing", `{"uuid":"u","status":"****","accounts":"****","body":"****"}`, rule(func(*model.Rule) {})},
		{"of which the user may not see the fields", `{"uuid":"u","body":{"publishedHostname":"****","publishedUrlPath":"****","sourceHostname":"****",
			"protocolSets":[{"publishedProtocol":"https","publishedPort":"****","options":"****"}]}}`,
			rule(func(r *model.Rule) {
				r.Host, r.Path, r.SourceHost = "****", "/****", "****"
				r.Protocols = []model.Protocol{{Published: "https", PublishedPort: -1}}
			})},
		{"ports that are null", `{"uuid":"u","body":{"protocolSets":[{"publishedPort":null,"sourcePort":null}]}}`, protocols(model.Protocol{})},
		{"ports that are strings", `{"uuid":"u","body":{"protocolSets":[{"publishedPort":"443","sourcePort":"30080"}]}}`,
			protocols(model.Protocol{PublishedPort: -1, SourcePort: -1})},
		{"ports that are fractions", `{"uuid":"u","body":{"protocolSets":[{"publishedPort":443.5,"sourcePort":1e999}]}}`,
			protocols(model.Protocol{PublishedPort: -1, SourcePort: -1})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, parse(t, tc.instance).rule()); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkOfOptions(t *testing.T) {
	for _, tc := range []struct{ name, options, want string }{
		{"the mark", `[{"name":"req_send_header","parameters":["X-Edgeward","m"]}]`, "m"},
		{"header names know no case", `[{"name":"req_send_header","parameters":["x-edgeward","m"]}]`, "m"},
		{"behind others", `[{"name":"refresh_absmin","parameters":[300]},{"name":"req_send_header","parameters":["X-A","a"]},
			{"name":"req_send_header","parameters":["X-Edgeward","m"]}]`, "m"},
		{"beside what is no option", `["x",null,7,{"name":7,"parameters":"x"},{"name":"req_send_header"},
			{"name":"req_send_header","parameters":["X-Edgeward","m"]}]`, "m"},
		{"none", `[]`, ""},
		{"null", `null`, ""},
		{"of another type", `{"name":"req_send_header","parameters":["X-Edgeward","m"]}`, ""},
		{"another header", `[{"name":"req_send_header","parameters":["X-Edge","m"]}]`, ""},
		{"another option", `[{"name":"reply_send_header","parameters":["X-Edgeward","m"]}]`, ""},
		{"a header without a value", `[{"name":"req_send_header","parameters":["X-Edgeward"]}]`, ""},
		{"a value that is a number", `[{"name":"req_send_header","parameters":["X-Edgeward",1]}]`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := parse(t, `{"uuid":"u","body":{"protocolSets":[{"options":`+tc.options+`}]}}`)
			if got := in.rule().Protocols[0].Label; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestWithKeepsWhatIsNotOurs compares whole requests, byte for byte: a PUT
// replaces all there is.
func TestWithKeepsWhatIsNotOurs(t *testing.T) {
	const (
		// How others may write numbers, strings and objects.
		odd     = `{"z":1e3,"a":[12345678901234567890,-0.10],"s":"<a href='x'>&\u00fc\u2028","n":null,"d":{"z":1,"a":[{}]}}`
		foreign = `"x",null,{"parameters":[1e3,"<b>"],"name":"refresh_absmin","since":` + odd + `},{"name":"req_send_header","parameters":null}`
		old     = `{"name":"req_send_header","parameters":["x-edgeward","old"]}`
		mark    = `{"name":"req_send_header","parameters":["X-Edgeward","m"]}`
		ours    = `"publishedHostname":"h","publishedUrlPath":"/p","serviceProfileName":"P","sourceHostname":"s","sourceUrlPath":"/q"`
		http    = `"publishedPort":80,"publishedProtocol":"http","sourcePort":1,"sourceProtocol":"http"`
		https   = `"publishedPort":443,"publishedProtocol":"https","sourcePort":1,"sourceProtocol":"http"`
	)
	for _, tc := range []struct{ name, instance, want string }{
		{"nothing else there",
			`{"uuid":"u"}`,
			`{"body":{"protocolSets":[{"options":[` + mark + `],` + http + `},{"options":[` + mark + `],` + https + `}],` + ours + `},"uuid":"u"}`},
		{"something at every level",
			`{"uuid":"u","isEnabled":false,"x":` + odd + `,"body":{"y":` + odd + `,"publishedHostname":"old","protocolSets":[
				{"publishedProtocol":"https","publishedPort":8443,"w":` + odd + `,"options":[` + foreign + `,` + old + `,7]},
				{"publishedProtocol":"http","options":null,"w":1E+2}]}}`,
			`{"body":{"protocolSets":[{"options":[` + mark + `],` + http + `,"w":1E+2},` +
				`{"options":[` + foreign + `,7,` + mark + `],` + https + `,"w":` + odd + `}],` + ours + `,"y":` + odd + `},"isEnabled":false,"uuid":"u","x":` + odd + `}`},
		{"what the API writes itself is not sent back",
			`{"uuid":"u","revision":{"versionNumber":3},"shortname":"acme","status":{"state":"COMPLETED"},"accounts":[{"shortname":"acme"}],"meta":{"manifestVersion":"4"}}`,
			`{"accounts":[{"shortname":"acme"}],"body":{"protocolSets":[{"options":[` + mark + `],` + http + `},{"options":[` + mark + `],` + https + `}],` + ours + `},"meta":{"manifestVersion":"4"},"uuid":"u"}`},
		{"a mark too many and a set too many",
			`{"uuid":"u","body":{"protocolSets":[{"publishedProtocol":"ftp","options":["gone"]},{"publishedProtocol":"http","options":[` + old + `,"kept",` + mark + `]}]}}`,
			`{"body":{"protocolSets":[{"options":["kept",` + mark + `],` + http + `},{"options":[` + mark + `],` + https + `}],` + ours + `},"uuid":"u"}`},
		{"fields of ours of another type",
			`{"uuid":"u","body":{"publishedHostname":7,"protocolSets":["x",{"publishedProtocol":"http","sourcePort":"1","options":{"a":1}}]}}`,
			`{"body":{"protocolSets":[{"options":[` + mark + `],` + http + `},{"options":[` + mark + `],` + https + `}],` + ours + `},"uuid":"u"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := parse(t, tc.instance)
			top, rule := string(encode(in.top)), in.rule()
			out := in.with(testRule())
			if got := string(encode(out.top)); got != tc.want {
				t.Errorf("request (-want +got):\n%s", cmp.Diff(tc.want, got))
			}
			if got := out.rule(); !got.Equal(testRule()) {
				t.Errorf("it reads as (-want +got):\n%s", cmp.Diff(testRule(), got))
			}
			if diff := cmp.Diff(rule, in.rule()); diff != "" || string(encode(in.top)) != top {
				t.Errorf("the instance itself was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// testRule is a rule with short values.
func testRule() model.Rule {
	return model.Rule{
		RuleKey: model.RuleKey{CDN: Name, Host: "h", Path: "/p"}, SourceHost: "s", SourcePath: "/q", Profile: "P",
		Protocols: []model.Protocol{
			{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 1, Label: "m"},
			{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 1, Label: "m"},
		},
	}
}

func TestNewInstance(t *testing.T) {
	const (
		before = `{"accounts":[{"shortname":"acme"}],"body":{"protocolSets":[`
		https  = `{"options":[{"name":"req_send_header","parameters":["X-Edgeward","m"]}],"publishedPort":443,"publishedProtocol":"https","sourcePort":1,"sourceProtocol":"http"}`
		after  = `],"publishedHostname":"h","publishedUrlPath":"/p","serviceKey":{"name":"delivery"},"serviceProfileName":"P","sourceHostname":"s","sourceUrlPath":"/q"}}`
	)
	for _, tc := range []struct {
		name      string
		protocols []model.Protocol
		want      string
	}{
		{"https", testRule().Protocols[1:], before + https + after},
		{"no protocol", nil, before + after},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := testRule()
			r.Protocols = tc.protocols
			if got := string(encode(newInstance(r, "acme").top)); got != tc.want {
				t.Errorf("request (-want +got):\n%s", cmp.Diff(tc.want, got))
			}
		})
	}
}
