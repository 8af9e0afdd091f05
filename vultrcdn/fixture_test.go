package vultrcdn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

const (
	testKey    = "VULTR-KEY"
	testHost   = "www.example.com"
	testOrigin = "web.shop.lb.main.team.k8s.example.com"
)

// newClient returns a client of the API that handler stands for, and its log.
func newClient(t *testing.T, handler http.Handler) (*Client, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	log := new(bytes.Buffer)
	api, err := vultrapi.New(server.URL, testKey, httpapi.New(httpapi.Options{UserAgent: "edgeward/test"}))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{API: api, Log: slog.New(slog.NewTextHandler(log, nil))}), log
}

// newAccount returns an emulated account and a client of it.
func newAccount(t *testing.T, options vultrtest.Options) (*vultrtest.Account, *Client) {
	t.Helper()
	options.Key = testKey
	api := vultrtest.NewAccount(options)
	client, _ := newClient(t, api)
	return api, client
}

// exchange is a call that a scripted API expects, and its reply.
type exchange struct {
	call   string // method and path below /v2/cdns, with the query
	status int
	reply  string
}

// scripted returns a client of an API that expects these calls, in this order;
// the test fails if others come, or not all.
func scripted(t *testing.T, exchanges ...exchange) *Client {
	t.Helper()
	n := 0
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := r.Method + " " + r.URL.RequestURI()[len("/v2/cdns"):]
		if n >= len(exchanges) || exchanges[n].call != call {
			t.Errorf("call %d is unexpected: %s", n+1, call)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		n++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(exchanges[n-1].status)
		_, _ = io.WriteString(w, exchanges[n-1].reply)
	}))
	t.Cleanup(func() {
		if n < len(exchanges) {
			t.Errorf("%d calls came, want %d", n, len(exchanges))
		}
	})
	return client
}

// newCertificate returns a certificate and key of their own.
func newCertificate(t *testing.T) *model.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{testHost}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return model.NewCertificate(encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER))
}

// markOn is the mark of owner on a rule of host.
func markOn(owner, host string) string {
	ingress := model.IngressID{Cluster: "main", Namespace: "shop", Name: "web"}
	return model.OwnerLabel{Owner: owner, IngressID: ingress}.String(model.RuleKey{CDN: Name, Host: host, Path: "/"})
}

// wanted is a rule of host as the plan asks for it, owner "team": on https with
// the certificate, on http without.
func wanted(host string, certificate *model.Certificate) model.Rule {
	p := model.Protocol{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 80, Label: markOn("team", host)}
	if certificate != nil {
		p.Published, p.PublishedPort = "https", 443
	}
	return model.Rule{
		RuleKey: model.RuleKey{CDN: Name, Host: host, Path: "/"}, SourceHost: testOrigin, SourcePath: "/",
		Protocols: []model.Protocol{p}, Certificate: certificate,
	}
}

// with returns the rule after edit, with nothing shared.
func with(r model.Rule, edit func(*model.Rule)) model.Rule {
	r.Protocols = append([]model.Protocol(nil), r.Protocols...)
	edit(&r)
	return r
}

// create makes a rule that a test begins with.
func create(t *testing.T, client *Client, r model.Rule) model.Rule {
	t.Helper()
	made, err := client.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// wantCalls checks which calls an account got since ResetCalls.
func wantCalls(t *testing.T, api *vultrtest.Account, want ...string) {
	t.Helper()
	var got []string
	for _, c := range api.Calls() {
		got = append(got, c.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
