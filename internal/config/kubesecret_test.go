package config

import (
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

func TestPick(t *testing.T) {
	type data = map[string][]byte
	text := func(s string) []byte { return []byte(s) }
	cases := []struct {
		name    string
		section string
		data    data
		key     string
		err     string
	}{
		{"by its name", "edgio", data{"shared-key": text("c0ffee"), "api-key": text("HUSH")}, "c0ffee", ""},
		{"the other's name", "vultr", data{"shared-key": text("c0ffee"), "api-key": text("HUSH")}, "HUSH", ""},
		{"the only one", "vultr", data{"token": text("HUSH")}, "HUSH", ""},
		{"a line end", "edgio", data{"shared-key": text(" c0ffee\n")}, "c0ffee", ""},
		{"none of several", "edgio", data{"a": text("c0ffee"), "b": text("c0ffee")}, "", "its data has 2 keys, none of them shared-key"},
		{"no data", "edgio", nil, "", "its data has 0 keys, none of them shared-key"},
		{"empty", "vultr", data{"api-key": text(" \n"), "token": text("HUSH")}, "", "its data key api-key is empty"},
		{"not hexadecimal", "edgio", data{"key": text("c0ffee-HUSH")}, "", "its data key key: not hexadecimal"},
		{"two lines", "vultr", data{"api-key": text("HUSH\nHUSH")}, "",
			"its data key api-key: holds a blank or another character that cannot stand in an HTTP header"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := &Config{Providers: providers.All()}
			cfg.Sections.Put(c.section, nil, &schema.Given{Ref: schema.SecretRef{Cluster: "main", Namespace: "edgeward", Name: "keys"}})
			secrets := cfg.KubeSecrets()
			if len(secrets) != 1 || secrets[0].Key != c.section+".secret" {
				t.Fatalf("KubeSecrets = %v", secrets)
			}
			key, err := secrets[0].Pick(c.data)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if key.Reveal() != c.key || said != c.err {
				t.Errorf("Pick = %q, %q; want %q, %q", key.Reveal(), said, c.key, c.err)
			}
			for _, mark := range secretMarks {
				if strings.Contains(said, mark) {
					t.Errorf("the error shows a secret: %s", said)
				}
			}
		})
	}
}

func TestKubeSecret(t *testing.T) {
	cfg := &Config{Clusters: []Cluster{{Name: "ams"}, {Name: "fra"}}, Providers: providers.All()}
	if none := cfg.KubeSecrets(); len(none) != 0 {
		t.Errorf("KubeSecrets without one = %v", none)
	}
	cfg.Sections.Put("vultr", nil, &schema.Given{Ref: schema.SecretRef{Cluster: "fra", Namespace: "edgeward", Name: "keys"}})
	s := cfg.KubeSecrets()[0]
	if cluster, i := s.Cluster(cfg); cluster.Name != "fra" || i != 1 {
		t.Errorf("Cluster = %s, %d", cluster.Name, i)
	}
	s.Fill(schema.NewSecret("HUSH"))
	if got := cfg.Sections.Key("vultr").Reveal(); got != "HUSH" || !s.InForce().Equal(cfg.Sections.Key("vultr")) {
		t.Errorf("after Fill the key is %q, in force %q", got, s.InForce().Reveal())
	}
	if got, want := s.Ref.String(), "Secret edgeward/keys of cluster fra"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}
