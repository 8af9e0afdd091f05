package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

func TestEnvironment(t *testing.T) {
	cases := []struct {
		name    string
		environ []string
		want    func(*loaded) // changes the defaults
		faults  string
	}{
		{
			name:    "over the file",
			environ: []string{"EDGEWARD_OWNER=stage", "EDGEWARD_EDGIO_SHARED_KEY=abcd\n"},
			want:    func(c *loaded) { c.Owner, c.EdgioKey.Value = "stage", schema.NewSecret("abcd") },
		},
		{
			name: "over the defaults",
			environ: []string{"EDGEWARD_SYNC_MAX_DELETE=0.25", "EDGEWARD_VULTR_TTL=60",
				"EDGEWARD_EDGIO_CNAME_TARGET=acme.cdn.example", "EDGEWARD_EDGIO_BASE_URL=http://localhost:1/"},
			want: func(c *loaded) {
				c.Sync.MaxDelete, c.Vultr.TTL = 0.25, 60
				c.Edgio.CNAMETarget, c.Edgio.BaseURL = "acme.cdn.example", "http://localhost:1"
			},
		},
		{
			name:    "of equal names the last",
			environ: []string{"EDGEWARD_VULTR_TTL=60", "EDGEWARD_VULTR_TTL=61"},
			want:    func(c *loaded) { c.Vultr.TTL = 61 },
		},
		{
			name:    "empty is not set",
			environ: []string{"EDGEWARD_OWNER=", "EDGEWARD_NONSENSE="},
			want:    func(*loaded) {},
		},
		{
			name:    "other programs' variables",
			environ: []string{"OWNER=x", "edgeward_owner=x", "EDGEWARDS=x", "noise"},
			want:    func(*loaded) {},
		},
		{
			name: "what Kubernetes sets beside a Service",
			environ: []string{"EDGEWARD_SERVICE_HOST=10.0.0.1", "EDGEWARD_SERVICE_PORT=9467", "EDGEWARD_SERVICE_PORT_HTTP=9467",
				"EDGEWARD_PORT=tcp://10.0.0.1:9467", "EDGEWARD_PORT_9467_TCP=tcp://10.0.0.1:9467", "EDGEWARD_PORT_9467_TCP_PROTO=tcp",
				"EDGEWARD_PORT_9467_TCP_PORT=9467", "EDGEWARD_METRICS_PORT_9467_TCP_ADDR=10.0.0.1", "EDGEWARD_METRICS_SERVICE_HOST=10.0.0.1"},
			want: func(*loaded) {},
		},
		{
			name:    "a wrong value",
			environ: []string{"EDGEWARD_VULTR_TTL=soon", "EDGEWARD_LOG_LEVEL=INFO"},
			faults: "vultr.ttl: must be a whole number from 1 to 604800 (set by EDGEWARD_VULTR_TTL)\n" +
				"log.level: must be debug, info, warn or error (set by EDGEWARD_LOG_LEVEL)",
		},
		{
			name:    "no such key",
			environ: []string{"EDGEWARD_VULTR_TLL=60", "EDGEWARD_TELEMETRY=off"},
			faults:  "EDGEWARD_TELEMETRY: sets no key\nEDGEWARD_VULTR_TLL: sets no key; did you mean EDGEWARD_VULTR_TTL?",
		},
		{
			name:    "a list",
			environ: []string{"EDGEWARD_EDGIO_PUBLISHED_PROTOCOLS=https"},
			faults:  "EDGEWARD_EDGIO_PUBLISHED_PROTOCOLS: edgio.published_protocols is a list and can only be set in the file",
		},
		{
			name:    "a key of a cluster",
			environ: []string{"EDGEWARD_CLUSTERS_NAME=x"},
			faults:  "EDGEWARD_CLUSTERS_NAME: sets no key",
		},
		{
			name:    "a secret beside the file's",
			environ: []string{"EDGEWARD_VULTR_API_KEY_FILE=/run/key"},
			faults:  "vultr.api_key: given beside vultr.api_key_file: keep one of the two",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := load("testdata/good/minimal.yaml", c.environ)
			if c.faults != "" {
				if err == nil || err.Error() != c.faults {
					t.Errorf("Load = %v\nwant %s", err, c.faults)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := defaults()
			c.want(want)
			if diff := cmp.Diff(want, open(got)); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryVariable sets each scalar outside clusters to something that no rule
// takes, so that a variable without effect would be missed among the faults.
func TestEveryVariable(t *testing.T) {
	for _, l := range leaves(keys(providers.All())) {
		if l.Shape == schema.ListShape {
			continue
		}
		t.Run(l.variable(), func(t *testing.T) {
			_, err := load("testdata/good/minimal.yaml", []string{l.variable() + "= \a~"})
			if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSuffix(l.path, "_file")) {
				t.Errorf("Load = %v, want a fault of %s", err, l.path)
			}
		})
	}
}

// TestNoMessageRepeatsAValue writes a secret, in every form, where each key
// has its value, and then sets it in the environment.
func TestNoMessageRepeatsAValue(t *testing.T) {
	const secret = "c0ffee-HUSH/c0ffee"
	forms := []string{
		secret, "'" + secret + "'", "[" + secret + "]", "{" + secret + ": " + secret + "}", "*" + secret, "!" + secret + " x",
		"&" + secret, "\"" + secret, "[" + secret, "{" + secret, "|" + secret, "\"\\" + secret + "\"", "@" + secret,
		secret + ": x", secret + "\n " + secret + ": x", "%" + secret, "- " + secret, "? " + secret, "!<" + secret,
	}
	check := func(t *testing.T, document string, environ []string) {
		t.Helper()
		var message string
		root, err := parseYAML([]byte(document))
		if err == nil {
			_, err = assemble(root, variables(environ), providers.All(), places{config: "/nowhere"})
		}
		if err != nil {
			message = err.Error()
		}
		for _, mark := range secretMarks {
			if strings.Contains(message, mark) {
				t.Errorf("of\n%s\nand %q the message is\n%s", document, environ, message)
			}
		}
	}
	for _, k := range keys(providers.All()) {
		for _, form := range forms {
			check(t, k.Name+": "+form+"\n", nil)
			for _, inner := range k.Keys {
				lead := "  "
				if k.Shape == schema.EntriesShape {
					lead = "  - "
				}
				check(t, fmt.Sprintf("%s:\n%s%s: %s\n", k.Name, lead, inner.Name, form), nil)
			}
		}
	}
	for _, l := range leaves(keys(providers.All())) {
		check(t, "{}", []string{l.variable() + "=" + secret})
	}
}
