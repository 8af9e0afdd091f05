package schema

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
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

// KubeSecretName takes <cluster>/<namespace>/<name>, or "" for none.
func KubeSecretName(text string) (SecretRef, error) {
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

// redacted stands for a secret wherever one is printed.
const redacted = "[redacted]"

// Secret is text that no way of printing, logging or encoding shows; Reveal
// alone does. The zero Secret is empty.
type Secret struct {
	// A pointer, since fmt calls no method of a value in an unexported
	// field, or for a verb such as %d: it then prints an address, not the text.
	text *string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Equal reports whether both hold the same text.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String is "[redacted]", or "" for an empty Secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return redacted
}

// GoString is String, quoted.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue is String, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for JSON, YAML and other encodings.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
