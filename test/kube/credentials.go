package kube

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// Files that the API server reads from the server's directory.
const (
	servingCertFile = "serving.crt"
	servingKeyFile  = "serving.key"
	signingKeyFile  = "service-accounts.key"
	tokenFile       = "tokens.csv"
)

// makeCredentials writes what the API server identifies itself and its clients
// by, and the admin's kubeconfig.
func (s *Server) makeCredentials() error {
	servingCert, servingKey, err := certutil.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return fmt.Errorf("making a serving certificate: %w", err)
	}
	// Also read where the public half is wanted.
	signingKey, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return fmt.Errorf("making the key that signs tokens: %w", err)
	}
	s.servingCertPEM, s.adminToken = servingCert, rand.Text()

	for name, content := range map[string][]byte{
		servingCertFile: servingCert,
		servingKeyFile:  servingKey,
		signingKeyFile:  signingKey,
		// token, user, uid, groups; members of this group have all rights, without RBAC.
		tokenFile: []byte(s.adminToken + ",admin,admin,system:masters\n"),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	s.adminKubeconfig = filepath.Join(s.dir, "admin.kubeconfig")
	return s.writeKubeconfig(s.adminKubeconfig, s.adminToken)
}

// AdminKubeconfig is the path of a kubeconfig with all rights.
func (s *Server) AdminKubeconfig() string { return s.adminKubeconfig }

// TokenKubeconfig writes a kubeconfig that presents token, whatever that is, and
// returns its path. The API server answers 401 to a token that it does not know.
func (s *Server) TokenKubeconfig(token string) (string, error) {
	file, err := os.CreateTemp(s.dir, "*.kubeconfig")
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	return file.Name(), s.writeKubeconfig(file.Name(), token)
}

// ServiceAccountKubeconfig writes a kubeconfig with a token of a ServiceAccount,
// which must exist, and returns its path. The token is valid for ttl, at least
// the 10 minutes that the API server insists on. It goes before its time, within
// some 10 seconds (the API server remembers tokens it has seen), when the
// ServiceAccount is deleted.
func (s *Server) ServiceAccountKubeconfig(ctx context.Context, namespace, name string, ttl time.Duration) (string, error) {
	seconds := int64(ttl.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	reply, err := s.clientset.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("a token for ServiceAccount %s/%s: %w", namespace, name, err)
	}
	return s.TokenKubeconfig(reply.Status.Token)
}

// writeKubeconfig names no other file, so that the kubeconfig can be copied elsewhere.
func (s *Server) writeKubeconfig(path, token string) error {
	const name = "test"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: s.url(), CertificateAuthorityData: s.servingCertPEM}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, path)
}
