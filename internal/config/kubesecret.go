package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/schema"
)

// KubeSecret is a provider's key that a Kubernetes Secret holds. Load leaves
// such a key empty, as it calls nobody.
type KubeSecret struct {
	Key     string // as in the configuration, with its section
	Ref     schema.SecretRef
	DataKey string // the key in the Secret's data

	given *schema.Given
	check func(string) error
}

// KubeSecrets returns the keys that are to be read from Secrets.
func (c *Config) KubeSecrets() []KubeSecret {
	var all []KubeSecret
	for _, p := range c.Providers {
		given := c.Sections.Credential(p.Section.Name)
		if given != nil && given.Ref != (schema.SecretRef{}) {
			all = append(all, KubeSecret{
				Key: p.Section.Name + ".secret", Ref: given.Ref, DataKey: p.Section.Credential.DataKey,
				given: given, check: p.Section.Credential.Check,
			})
		}
	}
	return all
}

// Credentials are the keys of the accounts, as they were given.
func (c *Config) Credentials() []*schema.Given {
	var all []*schema.Given
	for _, p := range c.Providers {
		if given := c.Sections.Credential(p.Section.Name); given != nil {
			all = append(all, given)
		}
	}
	return all
}

// cluster returns the place of the cluster of that name in the list.
func (c *Config) cluster(name string) (index int, ok bool) {
	index = slices.IndexFunc(c.Clusters, func(cluster Cluster) bool { return cluster.Name == name })
	return index, index >= 0
}

// Cluster returns the cluster that the Secret is in, and its place in
// Config.Clusters. A configuration from Load has it.
func (s KubeSecret) Cluster(c *Config) (cluster Cluster, index int) {
	index, _ = c.cluster(s.Ref.Cluster)
	return c.Clusters[index], index
}

// Pick takes the key from the Secret's data: what stands under DataKey, or
// under whatever name if there is only one. The white space around it does not
// count. The error shows nothing of it.
func (s KubeSecret) Pick(data map[string][]byte) (schema.Secret, error) {
	name := s.DataKey
	if _, ok := data[name]; !ok {
		if len(data) != 1 {
			return schema.Secret{}, fmt.Errorf("its data has %d keys, none of them %s", len(data), name)
		}
		for name = range data { // the only one
		}
	}
	text := strings.TrimSpace(string(data[name]))
	if text == "" {
		return schema.Secret{}, fmt.Errorf("its data key %s is empty", name)
	}
	if err := s.check(text); err != nil {
		return schema.Secret{}, fmt.Errorf("its data key %s: %w", name, err)
	}
	return schema.NewSecret(text), nil
}

// Fill puts the key into the configuration that KubeSecrets was asked of.
func (s KubeSecret) Fill(key schema.Secret) { s.given.Value = key }

// InForce is the key that Fill has put there.
func (s KubeSecret) InForce() schema.Secret { return s.given.Value }
