package edgiotest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// validInstance is the create request of the API's description.
const validInstance = `{"body":{"serviceKey":{"name":"delivery"},"serviceProfileName":"LLNW-Generic",` +
	`"publishedHostname":"www.example.com","publishedUrlPath":"/app/",` +
	`"sourceHostname":"web.k8s.example.com","sourceUrlPath":"/",` +
	`"protocolSets":[{"publishedProtocol":"https","sourceProtocol":"http","publishedPort":443,"sourcePort":30080,` +
	`"options":[{"name":"reply_send_header","parameters":["X-By","cdn"]}]}]},"accounts":[{"shortname":"acme"}]}`

func TestInstanceRules(t *testing.T) {
	const set = `{"publishedProtocol":"https","sourceProtocol":"http"}`
	for _, tc := range []struct {
		name     string
		old, new string // what is replaced in validInstance
		status   int    // 0: accepted
		source   string // the field at fault
	}{
		{name: "valid"},
		{name: "another account", old: `"acme"`, new: `"other"`, status: 403, source: "shortname"},
		{name: "two accounts, one of them another", old: `[{"shortname":"acme"}]`, new: `[{"shortname":"acme"},{"shortname":"x"}]`,
			status: 403, source: "shortname"},
		{name: "no account", old: `[{"shortname":"acme"}]`, new: `[]`, status: 400, source: "accounts"},
		{name: "accounts of the wrong type", old: `[{"shortname":"acme"}]`, new: `"acme"`, status: 400, source: "accounts"},
		{name: "no body", old: `"body"`, new: `"Body"`, status: 400, source: "body"},
		{name: "no service key", old: `"serviceKey"`, new: `"serviceKeys"`, status: 400, source: "body.serviceKey"},
		{name: "another service key", old: `"delivery"`, new: `"httpcs"`, status: 400, source: "body.serviceKey"},
		{name: "unknown profile", old: "LLNW-Generic", new: "LLNW-Other", status: 400, source: "body.serviceProfileName"},
		{name: "no published host", old: `www.example.com`, new: ``, status: 400, source: "body.publishedHostname"},
		{name: "published host in the wrong case of key", old: `publishedHostname`, new: `publishedHostName`, status: 400,
			source: "body.publishedHostname"},
		{name: "published host of one label", old: `www.example.com`, new: `localhost`, status: 400, source: "body.publishedHostname"},
		{name: "published host a wildcard", old: `www.example`, new: `*.example`, status: 400, source: "body.publishedHostname"},
		{name: "published host an IPv4 address", old: `www.example.com`, new: `192.0.2.1`, status: 400, source: "body.publishedHostname"},
		{name: "published host an IPv6 address", old: `www.example.com`, new: `2001:db8::1`, status: 400, source: "body.publishedHostname"},
		{name: "published host with a trailing dot", old: `www.example.com`, new: `www.example.com.`, status: 400,
			source: "body.publishedHostname"},
		{name: "published host not a string", old: `"www.example.com"`, new: `1`, status: 400, source: "body"},
		{name: "source host an IPv4 address", old: `web.k8s.example.com`, new: `192.0.2.1`},
		{name: "source host an IPv6 address", old: `web.k8s.example.com`, new: `2001:db8::1`},
		{name: "source host with a port", old: `web.k8s.example.com`, new: `web.example.com:80`, status: 400, source: "body.sourceHostname"},
		{name: "no source host", old: `web.k8s.example.com`, new: ``, status: 400, source: "body.sourceHostname"},
		{name: "empty published path", old: `"/app/"`, new: `""`, status: 400, source: "body.publishedUrlPath"},
		{name: "published path in Go's spelling", old: `publishedUrlPath`, new: `publishedURLPath`, status: 400,
			source: "body.publishedUrlPath"},
		{name: "empty source path, as from the SDK", old: `"sourceUrlPath":"/"`, new: `"sourceUrlPath":""`},
		{name: "no source path", old: `"sourceUrlPath":"/",`, new: ``, status: 400, source: "body.sourceUrlPath"},
		{name: "source path null", old: `"sourceUrlPath":"/"`, new: `"sourceUrlPath":null`, status: 400, source: "body.sourceUrlPath"},
		{name: "two protocol sets", old: `"protocolSets":[`, new: `"protocolSets":[` + set + `,`},
		{name: "three protocol sets", old: `"protocolSets":[`, new: `"protocolSets":[` + set + `,` + set + `,`, status: 400,
			source: "body.protocolSets"},
		{name: "unknown published protocol", old: `"publishedProtocol":"https"`, new: `"publishedProtocol":"HTTPS"`, status: 400,
			source: "body.protocolSets[0].publishedProtocol"},
		{name: "no source protocol", old: `"sourceProtocol":"http",`, new: ``, status: 400,
			source: "body.protocolSets[0].sourceProtocol"},
		{name: "port a string", old: `30080`, new: `"30080"`, status: 400, source: "body"},
		{name: "port a fraction", old: `30080`, new: `30080.5`, status: 400, source: "body"},
		{name: "port zero", old: `30080`, new: `0`, status: 400, source: "body.protocolSets[0].sourcePort"},
		{name: "port too large", old: `443`, new: `65536`, status: 400, source: "body.protocolSets[0].publishedPort"},
		{name: "port null, as from Go", old: `30080`, new: `null`},
		{name: "no ports", old: `,"publishedPort":443,"sourcePort":30080`, new: ``},
		{name: "option without name", old: `"name":"reply_send_header",`, new: ``, status: 400, source: "body.protocolSets[0].options[0]"},
		{name: "option of unknown name", old: `reply_send_header`, new: `some_option`},
		{name: "header option with one parameter", old: `"X-By",`, new: ``, status: 400, source: "body.protocolSets[0].options[0]"},
		{name: "header option with a number", old: `"cdn"`, new: `1`, status: 400, source: "body.protocolSets[0].options[0]"},
		{name: "number option with a number", old: `"name":"reply_send_header","parameters":["X-By","cdn"]`,
			new: `"name":"refresh_absmin","parameters":[3600]`},
		{name: "number option with a string", old: `"name":"reply_send_header","parameters":["X-By","cdn"]`,
			new: `"name":"refresh_absmin","parameters":["3600"]`, status: 400, source: "body.protocolSets[0].options[0]"},
		{name: "number option with a fraction", old: `"name":"reply_send_header","parameters":["X-By","cdn"]`,
			new: `"name":"refresh_absmin","parameters":[0.5]`, status: 400, source: "body.protocolSets[0].options[0]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(validInstance, tc.old) {
				t.Fatalf("%s is not in the instance", tc.old)
			}
			_, refused := newTestAccount(Options{}).parseInstance([]byte(strings.Replace(validInstance, tc.old, tc.new, 1)))
			switch {
			case tc.status == 0:
				if refused != nil {
					t.Errorf("refused: %+v", refused)
				}
			case refused == nil:
				t.Errorf("accepted, want status %d", tc.status)
			case refused.status != tc.status:
				t.Errorf("status %d, want %d", refused.status, tc.status)
			case refused.errors[0].Source != tc.source:
				t.Errorf("%+v, want an error of %s first", refused.errors, tc.source)
			}
		})
	}
}

func TestEveryErrorIsNamed(t *testing.T) {
	body := strings.NewReplacer("www.example.com", "", "web.k8s.example.com", "", "/app/", "").Replace(validInstance)
	w := request(newTestAccount(Options{}), "POST", "svcinst/delivery", body)
	wantStatus(t, w, http.StatusBadRequest)
	var reply struct{ Errors []apiError }
	if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, e := range reply.Errors {
		sources = append(sources, e.Source)
	}
	want := []string{"body.publishedHostname", "body.sourceHostname", "body.publishedUrlPath"}
	if diff := cmp.Diff(want, sources); diff != "" {
		t.Error(diff)
	}
}

func TestSlashIsPrepended(t *testing.T) {
	a := newTestAccount(Options{})
	body := strings.NewReplacer(`"/app/"`, `"app/"`, `"sourceUrlPath":"/"`, `"sourceUrlPath":"web"`).Replace(validInstance)
	wantStatus(t, request(a, "POST", "svcinst/delivery", body), http.StatusOK)
	got := a.Instances()[0]
	if got.Path != "/app/" || got.SourcePath != "/web" {
		t.Errorf("paths %q and %q", got.Path, got.SourcePath)
	}
	w := request(a, "POST", "svcinst/delivery", strings.Replace(validInstance, `"sourceUrlPath":"/"`, `"sourceUrlPath":""`, 1))
	wantStatus(t, w, http.StatusOK)
	if got := a.Instances()[1].SourcePath; got != "/" || !strings.Contains(w.Body.String(), `"sourceUrlPath":"/"`) {
		t.Errorf("an empty source path became %q: %s", got, w.Body)
	}
}
