package watcher

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kubeconfig is a file with one context, "main". Cluster and user are the
// insides of their YAML maps.
func kubeconfig(cluster, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: main
contexts: [{name: main, context: {cluster: main, user: main}}]
clusters: [{name: main, cluster: {%s}}]
users: [{name: main, user: {%s}}]
`, cluster, user)
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBadKubeconfig: what is wrong is said, and no secret with it.
func TestBadKubeconfig(t *testing.T) {
	const secret = "s3cr3t"
	const server = "server: https://a.example"
	tests := map[string]struct {
		file    string
		context string
		want    string
	}{
		"no YAML":             {"\ttoken: s3cr3t", "", "found character that cannot start any token"},
		"no YAML, the file":   {"\ttoken: s3cr3t", "", "PATH: not a kubeconfig: "},
		"only a token":        {"s3cr3t", "", "cannot unmarshal string"},
		"empty":               {"", "", "PATH is empty: it holds no configuration; make one as the README says"},
		"a value quoted":      {"users: !!int s3cr3t", "", "cannot decode !!str (not shown) as a !!int"},
		"no such context":     {kubeconfig(server, "token: s3cr3t"), "other", `context "other" does not exist`},
		"no server":           {kubeconfig("server: ''", "token: s3cr3t"), "", "no server found"},
		"two ways to log in":  {kubeconfig(server, "token: s3cr3t, username: u, password: s3cr3t"), "", "more than one authentication method"},
		"a URL with password": {kubeconfig("server: 'https://u:s3cr3t@a.example:x'", ""), "", `"https:(not shown)a.example:x"`},
		"and with blanks":     {kubeconfig("server: 'https://u:s3cr3t s3cr3t@a.example:x'", ""), "", `"https:(not shown)a.example:x"`},
		"a proxy's password":  {kubeconfig(server+", proxy-url: 'http://u:s3cr3t@p:x'", ""), "", `invalid 'proxy-url' "http:(not shown)p:x"`},
		"a bad certificate":   {kubeconfig(server, "client-certificate-data: czNjcjN0, client-key-data: czNjcjN0"), "", "failed to find any PEM data"},
		"bad base64":          {kubeconfig(server, "client-key-data: s3cr3t!"), "", "illegal base64"},
		"an absent CA":        {kubeconfig(server+", certificate-authority: ca.pem", "token: s3cr3t"), "", "ca.pem: no such file"},
		"a directory":         {"DIRECTORY", "", "PATH: is a directory; clusters[].kubeconfig has to name a file"},
		"absent":              {"ABSENT", "", "PATH: no such file or directory; correct clusters[].kubeconfig"},
		"not readable":        {"FORBIDDEN", "", "PATH: permission denied; let the user read it that edgeward runs as"},
		"no current context": {strings.Replace(kubeconfig(server, "token: s3cr3t"), "current-context: main", "", 1), "",
			`PATH: no context is selected; set clusters[].context to one of "main", or current-context in the file`},
		"another current context": {strings.Replace(kubeconfig(server, "token: s3cr3t"), "current-context: main", "current-context: old", 1), "",
			`PATH: context "old" does not exist; current-context has to be one of "main"`},
		"no context":            {"clusters: [{name: main, cluster: {server: 'https://a.example'}}]", "", "PATH: it has no context"},
		"which is asked for":    {"clusters: [{name: main, cluster: {server: 'https://a.example'}}]", "main", "PATH: it has no context"},
		"no cluster in it":      {strings.Replace(kubeconfig(server, ""), "cluster: main, user: main", "user: main", 1), "", `PATH: context "main" names no cluster; correct it by kubectl config set-context`},
		"another cluster in it": {strings.Replace(kubeconfig(server, ""), "cluster: main, user", "cluster: old, user", 1), "", `PATH: context "main" names the cluster "old", which is not in the file (there are "main")`},
		"another user in it":    {strings.Replace(kubeconfig(server, ""), ", user: main", ", user: old", 1), "", `PATH: context "main" names the user "old", which is not in the file (there are "main")`},
		"a pipe":                {"PIPE", "", "PATH: not a regular file"},
		"a token in a pipe":     {kubeconfig(server, "tokenFile: pipe"), "", "pipe: not a regular file"},
		"a CA in a pipe":        {kubeconfig(server+", certificate-authority: pipe", ""), "", "pipe: not a regular file"},
		"an absent token":       {kubeconfig(server, "tokenFile: token"), "", "token: no such file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kubeconfig")
			switch test.file {
			case "ABSENT":
			case "PIPE":
				if err := syscall.Mkfifo(path, 0o600); err != nil {
					t.Fatal(err)
				}
			case "DIRECTORY":
				path = filepath.Dir(path)
			case "FORBIDDEN":
				if writeFile(t, path, ""); os.Geteuid() == 0 {
					t.Skip("root may read it")
				}
				if err := os.Chmod(path, 0); err != nil {
					t.Fatal(err)
				}
			default:
				writeFile(t, path, test.file)
				if err := syscall.Mkfifo(filepath.Join(filepath.Dir(path), "pipe"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want := strings.Replace(test.want, "PATH", path, 1)
			err := NewClients(ClientOptions{Kubeconfig: path, Context: test.context, Log: quiet()}).Validate()
			text := errorText(err)
			if !strings.HasPrefix(text, "kubeconfig: ") || !strings.Contains(text, want) {
				t.Errorf("error %q, want %q in it", text, want)
			}
			if strings.Contains(text, secret) {
				t.Errorf("error %q with a secret", text)
			}
		})
	}
}

func TestWhichKubeconfig(t *testing.T) {
	dir := t.TempDir()
	one := writeFile(t, filepath.Join(dir, "one"), kubeconfig("server: https://one.example", ""))
	two := writeFile(t, filepath.Join(dir, "two"), kubeconfig("server: https://two.example", ""))
	absent := filepath.Join(dir, "absent")
	empty := writeFile(t, filepath.Join(dir, "empty"), "")
	list := func(paths ...string) string { return strings.Join(paths, string(filepath.ListSeparator)) }
	tests := map[string]struct {
		path, env string
		want      string // host, or part of the error
	}{
		"a path":                 {path: one, env: two, want: "one.example"},
		"an absent path":         {path: absent, env: two, want: "no such file"},
		"an empty path":          {path: empty, env: two, want: "holds no configuration"},
		"environment":            {env: two, want: "two.example"},
		"environment, a list":    {env: list(absent, one, two), want: "one.example"},
		"environment, /dev/null": {env: os.DevNull, want: "none is given"},
		"environment, no file":   {env: absent, want: "none is given"},
		"environment, all empty": {env: empty, want: "none is given"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", test.env)
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			got := ""
			client, err := NewClients(ClientOptions{Kubeconfig: test.path, Log: quiet()}).Get()
			if err != nil {
				got = err.Error()
			} else {
				got = client.core.Get().URL().Host
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestKubeconfigChanges: the same client as long as nothing has changed, a new
// one afterwards; a broken file is an error until it is mended.
func TestKubeconfigChanges(t *testing.T) {
	dir := t.TempDir()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	ca := pemOf(server)
	path := filepath.Join(dir, "kubeconfig")
	good := kubeconfig("server: https://a.example, certificate-authority: ca.pem", "token: one")
	writeFile(t, path, good)
	writeFile(t, filepath.Join(dir, "ca.pem"), ca)
	writeFile(t, filepath.Join(dir, "token"), "three")

	clients := NewClients(ClientOptions{Kubeconfig: path, Log: quiet()})
	last, err := clients.Get()
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		what          string
		file, content string
		fresh, fails  bool
	}{
		{"nothing", "kubeconfig", good, false, false},
		{"another token", "kubeconfig", strings.Replace(good, "one", "two", 1), true, false},
		{"still that", "kubeconfig", strings.Replace(good, "one", "two", 1), false, false},
		{"broken", "kubeconfig", "clusters: [", false, true},
		{"mended", "kubeconfig", good, true, false},
		{"CA rotated", "ca.pem", ca + "\n" + ca, true, false},
		{"CA broken", "ca.pem", "", false, true},
		{"CA mended", "ca.pem", ca, true, false},
		{"a token file", "kubeconfig", strings.Replace(good, "token: one", "tokenFile: token", 1), true, false},
		{"still that file", "token", "three", false, false},
		{"another token in it", "token", "four", true, false},
	}
	for _, step := range steps {
		writeFile(t, filepath.Join(dir, step.file), step.content)
		client, err := clients.Get()
		if (err != nil) != step.fails {
			t.Fatalf("%s: error %v", step.what, err)
		}
		if err != nil {
			continue
		}
		if fresh := client != last; fresh != step.fresh {
			t.Errorf("%s: new client %t, want %t", step.what, fresh, step.fresh)
		}
		last = client
	}
}

// TestRequests: how a client presents itself, and that warnings are logged.
func TestRequests(t *testing.T) {
	headers := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		w.Header().Set("Warning", `299 - "v0 is deprecated"`)
		sendJSON(w, http.StatusOK, metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}})
	}))
	defer server.Close()
	path := writeFile(t, filepath.Join(t.TempDir(), "kubeconfig"), kubeconfig("server: "+server.URL, ""))
	var log lockedBuffer
	client, err := NewClients(ClientOptions{Kubeconfig: path, Version: "1.2.3",
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}).Get()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Namespace(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	header := receive(t, "request", headers)
	for name, want := range map[string]string{
		"User-Agent": "edgeward/1.2.3",
		"Accept":     "application/vnd.kubernetes.protobuf,application/json",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if want := `level=DEBUG msg="warning of the API server" text="v0 is deprecated"`; !strings.Contains(log.String(), want) {
		t.Errorf("no %s in the log:\n%s", want, log.String())
	}
	if limiter := client.core.GetRateLimiter(); limiter != nil {
		t.Errorf("requests are limited by %v", limiter)
	}
}

// TestRedirects: the API server's credentials go nowhere else.
func TestRedirects(t *testing.T) {
	var elsewhere atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere.Add(1)
		http.NotFound(w, r)
	}))
	defer thief.Close()
	server := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	path := writeFile(t, filepath.Join(t.TempDir(), "kubeconfig"), kubeconfig("server: "+server.URL, "token: one"))
	client, err := NewClients(ClientOptions{Kubeconfig: path, Log: quiet()}).Get()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Namespace(t.Context(), "default"); err == nil {
		t.Error("a redirect is no error")
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("%d calls followed the redirect", n)
	}
}
