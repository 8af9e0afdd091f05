package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/schema"
)

// readSecret limits one reading of a Secret, tries of client-go included.
const readSecret = 15 * time.Second

// Open is Connect after the keys that Kubernetes Secrets hold were read into
// the configuration.
func Open(ctx context.Context, cfg *config.Config, accounts *Accounts, access Access, observe Observe) (Providers, error) {
	var errs []error
	for _, s := range cfg.KubeSecrets() {
		errs = append(errs, ReadKey(ctx, cfg, s, access))
	}
	if err := errors.Join(errs...); err != nil {
		return Providers{}, err
	}
	return Connect(cfg, accounts, access.version, observe, access.log)
}

// ReadKey reads a key from its Secret into the configuration. Its error names
// the Secret and says what helps; it is a config.Faults only where the cluster's
// kubeconfig is faulty.
func ReadKey(ctx context.Context, cfg *config.Config, s config.KubeSecret, access Access) error {
	ctx, cancel := context.WithTimeout(ctx, readSecret)
	defer cancel()
	cluster, index := s.Cluster(cfg)
	access.log.Info("reading a key from a Secret", "key", s.Key, "secret", s.Ref.String(), "at_most", readSecret)
	client, err := access.Clients(cluster).Get()
	if err != nil {
		return schema.Faults{{Key: fmt.Sprintf("clusters[%d].kubeconfig", index), Message: err.Error()}}
	}
	secret, err := client.Secret(ctx, s.Ref.Namespace, s.Ref.Name)
	switch {
	case apierrors.IsNotFound(err):
		err = errors.New("it does not exist")
	case apierrors.IsForbidden(err):
		err = fmt.Errorf("it may not be read (see deploy/rbac-secrets.yaml): %w", err)
	case err == nil:
		var key schema.Secret
		if key, err = s.Pick(secret.Data); err == nil {
			s.Fill(key)
			return nil
		}
	}
	return fmt.Errorf("%s: %s: %w", s.Key, s.Ref, err)
}
