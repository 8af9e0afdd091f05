package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/printable"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/vultrapi"
	"github.com/edgeward/edgeward/vultrcdn"
	"github.com/edgeward/edgeward/vultrdns"
)

const (
	sharedKey = "000102030405060708090a0b0c0d0e0f"
	apiKey    = "VULTR-KEY"
)

// apiServer answers the few questions that a check asks. refuse holds what the
// credentials do not allow, as "watch nodes" or "list services shop".
type apiServer struct {
	refuse []string
	uid    string // of kube-system; "": it may not be read
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var reply any
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1/namespaces/kube-system" && a.uid != "":
		reply = corev1.Namespace{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: "uid-main"},
		}
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			panic(err)
		}
		review := object.(*authorizationv1.SelfSubjectAccessReview)
		asked := review.Spec.ResourceAttributes
		review.TypeMeta = metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"}
		review.Status.Allowed = !slices.Contains(a.refuse, strings.TrimSpace(asked.Verb+" "+asked.Resource+" "+asked.Namespace))
		reply = review
	default:
		w.WriteHeader(http.StatusForbidden)
		reply = metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Message: "not allowed", Reason: metav1.StatusReasonForbidden, Code: 403}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		panic(err)
	}
}

// place is an API server, both providers, and a configuration that leads there.
type place struct {
	kube  *apiServer
	edgio *edgiotest.Account
	vultr *vultrtest.Account
	cfg   *config.Config
}

func serve(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func newPlace(t *testing.T) *place {
	p := &place{
		kube:  &apiServer{uid: "uid-main"},
		edgio: edgiotest.NewAccount(edgiotest.Options{Username: "bot", SharedKey: sharedKey, Shortname: "acme"}),
		vultr: vultrtest.NewAccount(vultrtest.Options{Key: apiKey, Domains: []string{"k8s.example.net"}}),
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c,
		clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {token: t}}],
		contexts: [{name: c, context: {cluster: c, user: u}}]}`, serve(t, p.kube))
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.cfg = &config.Config{
		Owner:     "acme",
		Clusters:  []config.Cluster{{Name: "main", Kubeconfig: kubeconfig, IngressClass: "edgio"}},
		Providers: provider.Table{edgio.Definition(), vultrdns.Definition()},
	}
	p.cfg.Sections.Put("edgio", &edgio.Config{
		BaseURL: serve(t, p.edgio) + "/config-api/v1", Username: "bot", Shortname: "acme", ServiceProfile: "LLNW-Generic",
	}, &schema.Given{Value: schema.NewSecret(sharedKey)})
	p.cfg.Sections.Put("vultr", &vultrapi.Config{BaseURL: serve(t, p.vultr), Domain: "k8s.example.net"}, &schema.Given{Value: schema.NewSecret(apiKey)})
	return p
}

// edgioConfig is the section edgio, to be changed.
func (p *place) edgioConfig() *edgio.Config {
	return schema.ValuesOf[edgio.Config](p.cfg.Sections, "edgio")
}

// vultrConfig is the section vultr, to be changed.
func (p *place) vultrConfig() *vultrapi.Config { return vultrapi.ConfigOf(p.cfg.Sections) }

// claim puts a TXT record where the cluster's claim belongs.
func (p *place) claim(t *testing.T, data string) {
	t.Helper()
	body := fmt.Sprintf(`{"name":%q,"type":"TXT","data":%q,"ttl":120}`, model.OwnershipName("main", "acme"), `"`+data+`"`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.vultrConfig().BaseURL+"/v2/domains/k8s.example.net/records", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
}

func TestCheck(t *testing.T) {
	p := newPlace(t)
	p.cfg.Clusters[0].Namespaces = []string{"shop", "blog"}
	var out strings.Builder
	if err := Run(t.Context(), p.cfg, "test", &out); err != nil {
		t.Errorf("it ends with %v", err)
	}
	want := `ok    config: owner acme, 1 cluster(s), zone k8s.example.net
ok    cluster main: the API server answers; the UID of kube-system is uid-main
ok    cluster main: may list and watch ingresses in namespace shop
ok    cluster main: may list and watch services in namespace shop
ok    cluster main: may list and watch endpointslices in namespace shop
ok    cluster main: may list and watch ingresses in namespace blog
ok    cluster main: may list and watch services in namespace blog
ok    cluster main: may list and watch endpointslices in namespace blog
ok    cluster main: may list and watch nodes
ok    cluster main: may list and watch ingressclasses
ok    cluster main: may patch ingresses/status
ok    cluster main: may create and patch events
ok    edgio: the account acme has 0 rules, 0 of them ours
ok    edgio: the service profile LLNW-Generic exists
note  edgio: the right to write is untested
ok    vultr: the zone k8s.example.net has 0 records
ok    vultr: _edgeward.main.acme.k8s.example.net is not claimed yet
note  vultr: the right to write is untested
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// TestCertificatesAreChecked has the right to read them in one of two namespaces.
func TestCertificatesAreChecked(t *testing.T) {
	p := newPlace(t)
	p.cfg.Providers = append(p.cfg.Providers, vultrcdn.Definition())
	p.cfg.Sections.Put("vultr_cdn", &vultrcdn.Config{IngressClass: "vultr-cdn"}, nil)
	p.cfg.Clusters[0].Namespaces = []string{"shop", "blog"}
	p.kube.refuse = []string{"list secrets blog", "watch secrets blog"}
	var out strings.Builder
	if err := Run(t.Context(), p.cfg, "test", &out); err != nil {
		t.Errorf("it ends with %v", err)
	}
	const want = `ok    cluster main: may list and watch secrets in namespace shop, for the certificates of Vultr CDN hosts
note  cluster main: not allowed to list and watch secrets in namespace blog: its hosts of Vultr CDN have no certificates (see deploy/rbac-certificates.yaml)
`
	if !strings.Contains(out.String(), want) {
		t.Errorf("the output lacks %s:\n%s", want, &out)
	}
}

// TestFindings has one thing wrong at a time: it is told, and all else is
// checked nevertheless.
func TestFindings(t *testing.T) {
	tests := map[string]struct {
		spoil func(*testing.T, *place)
		want  string // the line, or its beginning
		fails bool
	}{
		"a claim of this cluster's": {func(t *testing.T, p *place) { p.claim(t, model.Ownership{Owner: "acme", UID: "uid-main"}.String()) }, "ok    vultr: _edgeward.main.acme.k8s.example.net is claimed by this cluster", false},
		"a claim of another's":      {func(t *testing.T, p *place) { p.claim(t, model.Ownership{Owner: "acme", UID: "uid-x"}.String()) }, "FAIL  vultr: _edgeward.main.acme.k8s.example.net is claimed with", true},
		"watching is not allowed":   {func(_ *testing.T, p *place) { p.kube.refuse = []string{"watch ingresses"} }, "FAIL  cluster main: not allowed to watch ingresses in all namespaces (see deploy/rbac.yaml)", true},
		"nodes are not allowed":     {func(_ *testing.T, p *place) { p.kube.refuse = []string{"list nodes", "watch nodes"} }, "FAIL  cluster main: not allowed to list and watch nodes (see deploy/rbac.yaml)", true},
		"ingressclasses are not":    {func(_ *testing.T, p *place) { p.kube.refuse = []string{"list ingressclasses", "watch ingressclasses"} }, "note  cluster main: not allowed to list and watch ingressclasses: Ingresses of classes that are ours by their IngressClass object alone cannot be told (see deploy/rbac.yaml)", false},
		"a status is not":           {func(_ *testing.T, p *place) { p.kube.refuse = []string{"patch ingresses"} }, "note  cluster main: not allowed to patch ingresses/status: the Ingresses' addresses are left out (see deploy/rbac.yaml, edgeward-feedback)", false},
		"Events are not":            {func(_ *testing.T, p *place) { p.kube.refuse = []string{"patch events"} }, "note  cluster main: not allowed to create and patch events: Events about Ingresses are left out (see deploy/rbac.yaml, edgeward-feedback)", false},
		"kube-system is not":        {func(_ *testing.T, p *place) { p.kube.uid = "" }, "FAIL  cluster main: reading the namespace kube-system: ", true},
		"no kubeconfig":             {func(_ *testing.T, p *place) { p.cfg.Clusters[0].Kubeconfig += ".none" }, "FAIL  cluster main: kubeconfig: ", true},
		"another Edgio key":         {func(_ *testing.T, p *place) { p.cfg.Sections.Credential("edgio").Value = schema.NewSecret("ff") }, "FAIL  edgio: listing the service profiles: ", true},
		"another account":           {func(_ *testing.T, p *place) { p.edgioConfig().Shortname = "other" }, "FAIL  edgio: ", true},
		"no such profile":           {func(_ *testing.T, p *place) { p.edgioConfig().ServiceProfile = "Big" }, `FAIL  edgio: there is no service profile Big; there are ["LLNW-Generic"]`, true},
		"another Vultr key":         {func(_ *testing.T, p *place) { p.cfg.Sections.Credential("vultr").Value = schema.NewSecret("NO") }, "FAIL  vultr: reading the zone k8s.example.net: ", true},
		"no such zone":              {func(_ *testing.T, p *place) { p.vultrConfig().Domain = "example.org" }, "FAIL  vultr: reading the zone example.org: ", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			test.spoil(t, p)
			var out strings.Builder
			err := Run(t.Context(), p.cfg, "test", &out)
			if errors.Is(err, ErrFindings) != test.fails || err != nil && !test.fails {
				t.Errorf("it ends with %v", err)
			}
			lines := strings.Split(out.String(), "\n")
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, test.want) }) {
				t.Errorf("the output lacks %q:\n%s", test.want, out.String())
			}
			failures := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, "FAIL") })
			if (len(failures) == 1) != test.fails || len(failures) > 1 {
				t.Errorf("failures: %q", failures)
			}
			if strings.Contains(out.String(), sharedKey) || strings.Contains(out.String(), apiKey) {
				t.Errorf("a secret is printed:\n%s", out.String())
			}
		})
	}
}

// TestAFindingIsALine: neither what is wrong nor where gets a line of its own, or
// anything else that a terminal obeys.
func TestAFindingIsALine(t *testing.T) {
	p := newPlace(t)
	p.claim(t, "x\u202e\u009b2J")
	p.edgioConfig().BaseURL = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "{\"error\": \"\\u001b[2K\\nok    edgio: \\u202e\"}", http.StatusBadRequest)
	}))
	p.vultrConfig().Domain, p.vultrConfig().PublishZones = "k8s.example.net", []string{"absent.example", "none.example"}
	p.cfg.Clusters[0].Kubeconfig += "\x1b[1A\nok    forged"
	var out strings.Builder
	if err := Run(t.Context(), p.cfg, "test", &out); !errors.Is(err, ErrFindings) {
		t.Errorf("it ends with %v", err)
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if sign, _, _ := strings.Cut(line, " "); sign != "ok" && sign != "note" && sign != "FAIL" || strings.HasPrefix(line, "ok    forged") {
			t.Errorf("a line that is no finding: %q", line)
		}
		if printable.Text(line) != line {
			t.Errorf("printed as it is: %q", line)
		}
	}
	if failures := strings.Count(out.String(), "FAIL"); failures != 4 {
		t.Errorf("%d failures:\n%s", failures, &out)
	}
}

// TestNoClassNoQuestion: where no class is ours nobody looks at their objects.
func TestNoClassNoQuestion(t *testing.T) {
	p := newPlace(t)
	p.cfg.Clusters[0].IngressClass = ""
	var out strings.Builder
	if err := Run(t.Context(), p.cfg, "test", &out); err != nil || strings.Contains(out.String(), "ingressclasses") {
		t.Errorf("it ends with %v:\n%s", err, &out)
	}
}

// TestAnAnswerThatDoesNotCome: what is awaited is said, and it has an end.
func TestAnAnswerThatDoesNotCome(t *testing.T) {
	tests := map[string]struct {
		takes time.Duration
		want  string
		fails bool
	}{
		"quick":    {time.Second, "ok    done\n", false},
		"slow":     {20 * time.Second, "note  cluster main: no answer yet; it is waited for until 30s have passed\nok    done\n", false},
		"too slow": {time.Hour, "note  cluster main: no answer yet; it is waited for until 30s have passed\nFAIL  context deadline exceeded\n", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				r := &report{out: &out}
				within(t.Context(), r, "cluster main", func(ctx context.Context) {
					select {
					case <-ctx.Done():
						r.Fail("%v", ctx.Err())
					case <-time.After(test.takes):
						r.OK("done")
					}
				})
				if out.String() != test.want || r.failed != test.fails {
					t.Errorf("failed: %t; it said\n%s", r.failed, &out)
				}
			})
		})
	}
}
