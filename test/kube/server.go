// Package kube runs a real Kubernetes API server and its etcd for tests and for
// the demo. There are no controllers and no kubelets: Nodes are objects that
// somebody creates, and stay as they are; EndpointSlices are written by hand;
// a deleted namespace never goes. Node ports are allocated, admission,
// authorization (RBAC) and the watch cache are those of a cluster.
//
// The programs come from `make bin/kube-apiserver bin/etcd`. They listen on
// loopback only and die with the process that started them (on Linux).
package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// startTimeout is ample: the API server is ready after 3 s on two idle cores.
const startTimeout = 2 * time.Minute

// Options of a Server. The zero value is right for tests.
type Options struct {
	// BinDir holds the programs etcd and kube-apiserver; empty: bin/ of the
	// clone that the working directory is in.
	BinDir string
	// Dir takes keys, kubeconfigs, data and logs (etcd.log, kube-apiserver.log),
	// and must exist and be empty. It holds a Unix socket, whose path may not be longer than
	// some 100 bytes. Empty: a temporary directory, removed by Stop.
	Dir string
	// Log gets a line when a program is ready; nil: nobody wants to know.
	Log io.Writer
}

// Server is an API server with its own etcd. Its methods may be called
// concurrently, but for those that start and stop it.
type Server struct {
	binDir    string
	dir       string
	temporary bool // dir was made here and goes with Stop
	log       io.Writer

	port      *reservedPort
	etcd      *process
	apiserver *process // nil while stopped

	servingCertPEM  []byte // also the CA certificate
	adminToken      string
	adminKubeconfig string // path

	config    *rest.Config
	clientset *kubernetes.Clientset
	dynamic   *dynamic.DynamicClient
	mapper    *restmapper.DeferredDiscoveryRESTMapper
}

// Start starts etcd and an API server and returns when both are ready and the
// namespaces default and kube-system exist. ctx bounds the start only. The error
// ends with the last lines that the program at fault has logged.
func Start(ctx context.Context, opts Options) (*Server, error) {
	s := &Server{binDir: opts.BinDir, dir: opts.Dir, log: opts.Log}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("starting a Kubernetes API server: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if s.log == nil {
		s.log = io.Discard
	}
	if err := s.findPrograms(); err != nil {
		return err
	}
	if err := s.makeDir(); err != nil {
		return err
	}
	var err error
	if s.port, err = reservePort(); err != nil {
		return err
	}
	if err := s.makeCredentials(); err != nil {
		return err
	}
	if err := s.makeClients(); err != nil {
		return err
	}
	if err := s.startEtcd(ctx); err != nil {
		return err
	}
	return s.StartAPIServer(ctx)
}

// findPrograms looks where the programs are, and says how to make them where they are not.
func (s *Server) findPrograms() error {
	if s.binDir == "" {
		root, err := repositoryRoot()
		if err != nil {
			return err
		}
		s.binDir = filepath.Join(root, "bin")
	}
	for _, program := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(s.binDir, program)); err != nil {
			return fmt.Errorf("%w; `make bin/kube-apiserver bin/etcd` builds it", err)
		}
	}
	return nil
}

// repositoryRoot is the nearest directory, from the working directory upwards,
// that has test/go.mod in it.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "test", "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no clone of edgeward around %s", start)
		}
	}
}

func (s *Server) makeDir() error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "edgeward-kube-")
		if err != nil {
			return err
		}
		s.dir, s.temporary = dir, true
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	return s.checkSocketPath()
}

func (s *Server) makeClients() error {
	s.config = &rest.Config{
		Host:            s.url(),
		BearerToken:     s.adminToken,
		TLSClientConfig: rest.TLSClientConfig{CAData: s.servingCertPEM},
		QPS:             -1, // tests create a thousand objects: no limit on the client's side
		// The tests make deprecated annotations on purpose.
		WarningHandler: rest.NoWarnings{},
	}
	var err error
	if s.clientset, err = kubernetes.NewForConfig(s.config); err != nil {
		return err
	}
	if s.dynamic, err = dynamic.NewForConfig(s.config); err != nil {
		return err
	}
	s.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(s.clientset.Discovery()))
	return nil
}

// StartAPIServer starts the API server again after StopAPIServer, on the same
// port and with the same data, and returns when it is ready. It does nothing
// where it runs.
func (s *Server) StartAPIServer(ctx context.Context) error {
	if s.apiserver != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p, err := startProcess(s.dir, filepath.Join(s.binDir, "kube-apiserver"), s.apiserverArgs()...)
	if err != nil {
		return err
	}
	if err := p.await(ctx, s.ready); err != nil {
		p.kill()
		return err
	}
	s.apiserver = p
	fmt.Fprintf(s.log, "kube-apiserver is ready on %s\n", s.url())
	return nil
}

// StopAPIServer ends the API server as an admin would (SIGTERM), so that its
// port refuses connections until StartAPIServer. etcd goes on.
func (s *Server) StopAPIServer() {
	if s.apiserver != nil {
		s.apiserver.stop()
		s.apiserver = nil
	}
}

// SignalAPIServer sends the API server a signal. After SIGSTOP it is a peer
// that accepts connections and never answers, until SIGCONT.
func (s *Server) SignalAPIServer(sig os.Signal) error {
	if s.apiserver == nil {
		return os.ErrProcessDone
	}
	return s.apiserver.cmd.Process.Signal(sig)
}

// Stop ends both programs at once, without care for their data, and removes
// the directory if Start has made it. A second Stop does nothing.
func (s *Server) Stop() {
	for _, p := range []*process{s.apiserver, s.etcd} {
		if p != nil {
			p.kill()
		}
	}
	s.apiserver, s.etcd = nil, nil
	if s.port != nil {
		s.port.release()
		s.port = nil
	}
	if s.temporary {
		os.RemoveAll(s.dir)
	}
}

// Config is a new configuration for clients with all rights, without a rate limit.
func (s *Server) Config() *rest.Config { return rest.CopyConfig(s.config) }

// Clientset is a client with all rights.
func (s *Server) Clientset() *kubernetes.Clientset { return s.clientset }

func (s *Server) url() string { return fmt.Sprintf("https://127.0.0.1:%d", s.port.number) }

func (s *Server) apiserverArgs() []string {
	return []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", s.port.number),
		"--permit-port-sharing", // with the socket that reserves the port
		"--tls-cert-file=" + servingCertFile,
		"--tls-private-key-file=" + servingKeyFile,
		"--token-auth-file=" + tokenFile,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + signingKeyFile,
		"--service-account-signing-key-file=" + signingKeyFile,
		"--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
		// Nobody runs here who would create service accounts or take the taint of
		// a new Node away.
		"--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
		// The Service "kubernetes" gets no endpoints, so that none of the
		// machine's addresses is needed (there may be just loopback).
		"--endpoint-reconciler-type=none",
		"--advertise-address=127.0.0.1",
		// Without it open watches hold up the end of the API server for a minute.
		"--shutdown-watch-termination-grace-period=1s",
	}
}

// ready returns nil when the API server says that it is ready and the
// namespaces it makes itself are there.
func (s *Server) ready(ctx context.Context) error {
	if err := s.clientset.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil {
		return err
	}
	var errs []error
	for _, namespace := range []string{corev1.NamespaceDefault, metav1.NamespaceSystem} {
		_, err := s.clientset.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
