package docs

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

// TestExamples does what the documents say with a real API server and emulated
// providers, and compares what comes of it with what the documents say of that.
func TestExamples(t *testing.T) {
	server, err := kube.Start(t.Context(), kube.Options{})
	must(t, err)
	t.Cleanup(server.Stop)
	for name, try := range map[string]func(*testing.T, *installation){
		"README":     firstExample,
		"Edgio":      edgioExample,
		"kubeconfig": fewRights,
	} {
		t.Run(name, func(t *testing.T) {
			must(t, server.Clean(t.Context()))
			dir := t.TempDir()
			l, err := lab.New(t.Context(), server, dir, lab.Options{})
			must(t, err)
			t.Cleanup(l.Close)
			try(t, &installation{l, dir})
		})
	}
}

// installation is a cluster with its providers, and a directory for /etc/edgeward.
type installation struct {
	*lab.Lab
	dir string
}

// put writes a file of /etc/edgeward.
func (i *installation) put(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(i.dir, name)
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// start runs the daemon with a configuration of the documents, to the letter: only the
// providers are elsewhere, which the environment says.
func (i *installation) start(t *testing.T, configuration string, env ...string) *lab.Daemon {
	t.Helper()
	kubeconfig, err := lab.Kubeconfig(t.Context(), i.Kube)
	must(t, err)
	content, err := os.ReadFile(kubeconfig)
	must(t, err)
	i.put(t, "kubeconfig", string(content))
	i.put(t, "vultr-api-key", lab.APIKey)
	i.put(t, "edgio-shared-key", lab.SharedKey)
	path := i.put(t, "config.yaml", configuration)
	env = append(env, "EDGEWARD_VULTR_BASE_URL="+i.VultrURL(), "EDGEWARD_METRICS_LISTEN=127.0.0.1:0")
	d, err := lab.RunWith(env, nil, "--config", path)
	must(t, err)
	t.Cleanup(func() {
		if _, err := d.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(d.Log())
		}
	})
	return d
}

// until waits for a condition.
func until(t *testing.T, ok func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	must(t, lab.Until(ctx, ok))
}

// after is the first block of a language that stands in the page after some text.
func (p page) after(t *testing.T, text, language string) string {
	t.Helper()
	line := 1 + strings.Count(string(p.text[:strings.Index(string(p.text), text)+1]), "\n")
	for _, b := range p.blocks(language) {
		if b.line > line {
			return b.text
		}
	}
	t.Fatalf("%s: no block of %s after %q", p.path, language, text)
	return ""
}

// namespace is that of the documents' examples.
const namespace = "shop"

func (i *installation) apply(t *testing.T, manifests ...string) {
	t.Helper()
	manifests = append([]string{"{apiVersion: v1, kind: Namespace, metadata: {name: " + namespace + "}}"}, manifests...)
	for _, m := range manifests {
		must(t, i.Kube.Apply(t.Context(), []byte(m)))
	}
}

// firstExample is the Ingress and the configuration with which the README begins.
func firstExample(t *testing.T, i *installation) {
	readme := open(t, "README.md")
	i.apply(t, `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`, readme.after(t, "Given this Ingress", "yaml"))
	services := i.Kube.Clientset().CoreV1().Services(namespace)
	web, err := services.Get(t.Context(), "web", metav1.GetOptions{})
	must(t, err)
	web.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.9"}}
	_, err = services.UpdateStatus(t.Context(), web, metav1.UpdateOptions{})
	must(t, err)

	d := i.start(t, readme.after(t, "and this configuration", "yaml"))
	var want []string
	for line := range strings.Lines(readme.after(t, "edgeward makes a pull zone", "text")) {
		if words := strings.Join(strings.Fields(line), " "); words != "" {
			want = append(want, words)
		}
	}
	until(t, func() error { return alike("at Vultr", want, i.atVultr()) })

	shown := strings.Fields(strings.Split(readme.after(t, "`kubectl` shows", "text"), "\n")[2])
	ingresses := i.Kube.Clientset().NetworkingV1().Ingresses(namespace)
	until(t, func() error {
		web, err := ingresses.Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		address := ""
		for _, at := range web.Status.LoadBalancer.Ingress {
			address += at.Hostname
		}
		return alike("kubectl get ingress", shown[:4], []string{web.Name, *web.Spec.IngressClassName, web.Spec.Rules[0].Host, address})
	})

	// Where the documents ask the daemon something, it answers.
	for _, c := range commands(t) {
		if c.words[0] != "curl" {
			continue
		}
		for _, word := range c.words[1:] {
			_, path, ok := strings.Cut(word, "127.0.0.1:9467")
			if !ok {
				continue
			}
			to, err := url.Parse(path)
			must(t, err)
			if status, body, err := d.Get(t.Context(), to.String()); err != nil || status != http.StatusOK {
				t.Errorf("%s: %d %s, %v", c, status, body, err)
			}
		}
	}

	must(t, ingresses.Delete(t.Context(), "web", metav1.DeleteOptions{}))
	cname := want[slices.IndexFunc(want, func(line string) bool { return strings.Contains(line, " CNAME ") })]
	until(t, func() error { // first the CNAME goes; the rest waits for its TTL, two minutes
		return alike("at Vultr", slices.DeleteFunc(slices.Clone(want), func(line string) bool { return line == cname }), i.atVultr())
	})
}

// atVultr is what stands there, in the README's form.
func (i *installation) atVultr() (list []string) {
	for _, z := range i.Vultr.PullZones() {
		list = append(list, fmt.Sprintf("pull zone %s, origin %s://%s", z.VanityDomain, z.OriginScheme, z.OriginDomain))
	}
	for _, zone := range []string{lab.Domain, lab.PublishZone} {
		for _, r := range i.Vultr.Records(zone) {
			list = append(list, fmt.Sprintf("%s.%s %s %s", r.Name, zone, r.Type, r.Data))
		}
	}
	return list
}

// different is what the documents show of something that differs each time: the CDN's
// name of a pull zone, a UID, and what was left out.
var different = strings.NewReplacer(
	`<UID>`, `[0-9a-f-]{36}`,
	`…`, `.*`,
)

var zoneName = regexp.MustCompile(`cdn-[0-9a-f]+\\\.`)

// alike compares lines of a document with others, in any order.
func alike(what string, documented, got []string) error {
	left := slices.Clone(got)
	for _, line := range documented {
		pattern := zoneName.ReplaceAllString(different.Replace(regexp.QuoteMeta(line)), `cdn-[0-9a-f]+\.`)
		form := regexp.MustCompile("^" + pattern + "$")
		i := slices.IndexFunc(left, form.MatchString)
		if i < 0 {
			return fmt.Errorf("%s is not: %s\nbut:\n  %s", what, line, strings.Join(got, "\n  "))
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 {
		return fmt.Errorf("%s is, too:\n  %s", what, strings.Join(left, "\n  "))
	}
	return nil
}

// edgioExample is the Ingress of docs/edgio.md.
func edgioExample(t *testing.T, i *installation) {
	p := open(t, "docs/edgio.md")
	must(t, i.Kube.CreateNode(t.Context(), "node-1", "192.0.2.1"))
	i.apply(t, `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80, nodePort: 30080}]}
`, p.after(t, "What becomes of an Ingress", "yaml"))
	i.start(t, p.after(t, "## Configuration", "yaml"), "EDGEWARD_EDGIO_BASE_URL="+i.EdgioURL(), "EDGEWARD_EDGIO_SHORTNAME="+lab.Shortname)
	var want []string
	for line := range strings.Lines(p.after(t, "this becomes two rules", "text")) {
		want = append(want, strings.Join(strings.Fields(line), " "))
	}
	until(t, func() error { return lab.Same("rules", i.Rules(), want...) })
}

// fewRights runs what docs/install.md says of a kubeconfig, with kubectl, and has edgeward
// check what comes of it.
func fewRights(t *testing.T, i *installation) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("there is no kubectl")
	}
	p := open(t, "docs/install.md")
	repository, err := filepath.Abs(root)
	must(t, err)
	// Root's files lie below the test's own directory.
	const before = `set -e; sudo() { "${@//\/etc\/edgeward/$ETC}"; }` + "\n"
	run := func(dir, script string) {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", before+script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "KUBECONFIG="+i.Kube.AdminKubeconfig(), "ETC="+i.dir, "VULTR_API_KEY="+lab.APIKey)
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s, of\n%s", err, output, script)
		}
	}
	run(repository, p.after(t, "## A kubeconfig with few rights", "sh"))
	i.issueToken(t)
	run(t.TempDir(), p.after(t, "Make a kubeconfig for the account", "sh"))
	key, _, _ := strings.Cut(p.after(t, "## The API key and the configuration", "sh"), "\n")
	run(t.TempDir(), key)

	path := i.put(t, "config.yaml", p.after(t, "The least that works", "yaml"))
	for _, file := range []string{"kubeconfig", "vultr-api-key"} {
		info, err := os.Stat(filepath.Join(i.dir, file))
		must(t, err)
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("the mode of %s is %o", file, mode)
		}
	}
	d, err := lab.RunWith([]string{"EDGEWARD_VULTR_BASE_URL=" + i.VultrURL()}, nil, "check", "--config", path)
	must(t, err)
	status, err := d.Wait(t.Context())
	must(t, err)
	if status != 0 {
		t.Errorf("check ends with %d:\n%s", status, d.Log())
	}
}

// issueToken fills the Secret of the ServiceAccount, as a controller does that does not
// run beside a bare API server.
func (i *installation) issueToken(t *testing.T) {
	t.Helper()
	path, err := lab.Kubeconfig(t.Context(), i.Kube)
	must(t, err)
	kubeconfig, err := clientcmd.LoadFromFile(path)
	must(t, err)
	at := kubeconfig.Contexts[kubeconfig.CurrentContext]
	secrets := i.Kube.Clientset().CoreV1().Secrets("edgeward")
	secret, err := secrets.Get(t.Context(), "edgeward-token", metav1.GetOptions{})
	must(t, err)
	secret.Data = map[string][]byte{
		"token":  []byte(kubeconfig.AuthInfos[at.AuthInfo].Token),
		"ca.crt": kubeconfig.Clusters[at.Cluster].CertificateAuthorityData,
	}
	_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
}
