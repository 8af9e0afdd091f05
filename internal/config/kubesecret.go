package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// SecretRef names a Kubernetes Secret in one of the clusters. The zero value
// names none.
type SecretRef struct {
	Cluster   string // the name of one of Config.Clusters
	Namespace string
	Name      string
}

// String is "Secret namespace/name of cluster cluster", for messages.
func (r SecretRef) String() string {
	return fmt.Sprintf("Secret %s/%s of cluster %s", r.Namespace, r.Name, r.Cluster)
}

// secretRef takes <cluster>/<namespace>/<name>, or "" for none.
func secretRef(text string) (SecretRef, error) {
	if text == "" {
		return SecretRef{}, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 3 || len(validation.IsDNS1123Label(parts[0])) > 0 ||
		len(validation.IsDNS1123Label(parts[1])) > 0 || len(validation.IsDNS1123Subdomain(parts[2])) > 0 {
		return SecretRef{}, errors.New("must be <cluster>/<namespace>/<name> of a Kubernetes Secret")
	}
	return SecretRef{parts[0], parts[1], parts[2]}, nil
}

// KubeSecret is a provider's key that a Kubernetes Secret holds. Load leaves
// such a key empty, as it calls nobody.
type KubeSecret struct {
	Key     string // as in the configuration: "edgio.secret"
	Ref     SecretRef
	DataKey string // the key in the Secret's data: "shared-key", "api-key"

	into  *Secret
	check func(string) error
}

// KubeSecrets returns the keys that are to be read from Secrets.
func (c *Config) KubeSecrets() []KubeSecret {
	all := []KubeSecret{
		{"edgio.secret", c.Edgio.Secret, "shared-key", &c.Edgio.SharedKey, hexadecimal},
		{"vultr.secret", c.Vultr.Secret, "api-key", &c.Vultr.APIKey, bearerToken},
	}
	return slices.DeleteFunc(all, func(s KubeSecret) bool { return s.Ref == SecretRef{} })
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
func (s KubeSecret) Pick(data map[string][]byte) (Secret, error) {
	name := s.DataKey
	if _, ok := data[name]; !ok {
		if len(data) != 1 {
			return Secret{}, fmt.Errorf("its data has %d keys, none of them %s", len(data), name)
		}
		for name = range data { // the only one
		}
	}
	text := strings.TrimSpace(string(data[name]))
	if text == "" {
		return Secret{}, fmt.Errorf("its data key %s is empty", name)
	}
	if err := s.check(text); err != nil {
		return Secret{}, fmt.Errorf("its data key %s: %w", name, err)
	}
	return NewSecret(text), nil
}

// Fill puts the key into the configuration that KubeSecrets was asked of.
func (s KubeSecret) Fill(key Secret) { *s.into = key }

// InForce is the key that Fill has put there.
func (s KubeSecret) InForce() Secret { return *s.into }
