package watcher

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// ClientOptions say where the API server and the credentials for it are found.
type ClientOptions struct {
	// Kubeconfig is the path of a file. "": the files of $KUBECONFIG, else
	// ~/.kube/config, else the Pod's own ServiceAccount.
	Kubeconfig string
	Context    string   // "": the current one of the kubeconfig
	Version    string   // of edgeward, for the User-Agent
	Plugins    *Plugins // of the process; nil: its own
	Log        *slog.Logger
}

// Clients makes clients for one cluster, and a new one when the kubeconfig has
// changed: an expired token or certificate is mended by replacing the file.
type Clients struct {
	opts ClientOptions

	mu     sync.Mutex
	client *Client
	files  digests // that client was made from
}

// NewClients reads nothing yet.
func NewClients(opts ClientOptions) *Clients {
	if opts.Plugins == nil {
		opts.Plugins = NewPlugins()
	}
	return &Clients{opts: opts}
}

// Validate reports whether the kubeconfig gives a client, without calling the
// API server. The error names the file and holds no secret.
func (c *Clients) Validate() error {
	_, err := c.Get()
	return err
}

// Get returns a client for what the kubeconfig and the certificates it names
// hold now. It is the same client as long as they have not changed. So with a
// token file, which client-go would look at but once a minute, even after a 401.
// An exec plugin is asked again by client-go itself.
//
// The client does not limit its rate, has no time limit on its calls, so that
// watches last, and speaks protobuf where the server does. Its calls end when their
// context does, whatever the kubeconfig has it wait for.
func (c *Clients) Get() (*Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil && maps.Equal(c.files, digestsOf(slices.Collect(maps.Keys(c.files)))) {
		return c.client, nil
	}
	config, files, err := load(c.opts)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", redacted(err))
	}
	client, err := newClient(config, c.opts.Plugins, c.opts.Log)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", redacted(err))
	}
	if c.client != nil {
		c.opts.Log.Info("the kubeconfig or a file it names has changed: using what it holds now")
	}
	c.client, c.files = client, files
	return client, nil
}

// load reads the configuration, and returns with it the files it is from.
// Each digest is taken before its file is read for good: what changes in between
// is noticed the next time.
func load(opts ClientOptions) (*rest.Config, digests, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = opts.Kubeconfig
	rules.MigrationRules = nil // a daemon does not copy its user's old files
	rules.Warner = func(err error) { opts.Log.Debug("kubeconfig", "err", err) }
	paths := rules.GetLoadingPrecedence()
	files := digestsOf(paths)

	paths, err := readable(paths, opts.Kubeconfig != "")
	if err != nil {
		return nil, nil, err
	}
	raw, err := rules.Load()
	if err != nil {
		return nil, nil, err
	}
	if err := selected(raw, opts.Context); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	for _, path := range namedFiles(raw, opts.Context) {
		if _, err := readRegular(path); err != nil { // client-go would wait for a pipe
			return nil, nil, err
		}
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: opts.Context}
	config, err := clientcmd.NewNonInteractiveClientConfig(*raw, opts.Context, overrides, rules).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		config, err = withoutKubeconfig(opts.Kubeconfig)
	}
	if err != nil {
		return nil, nil, err
	}

	// Certificates become part of the configuration. client-go would reload
	// some files by itself, but share one connection between old and new.
	maps.Copy(files, digestsOf([]string{config.CAFile, config.CertFile, config.KeyFile, config.BearerTokenFile}))
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, nil, err
	}
	for _, pem := range []struct {
		file    *string
		content []byte
	}{{&config.CAFile, config.CAData}, {&config.CertFile, config.CertData}, {&config.KeyFile, config.KeyData}} {
		if *pem.file != "" && len(pem.content) == 0 { // without a CA the system's would be trusted
			return nil, nil, fmt.Errorf("%s is empty", *pem.file)
		}
		*pem.file = ""
	}

	config.Timeout = 0 // it would cut watches without a word
	config.QPS = -1
	config.UserAgent = "edgeward/" + opts.Version
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.WarningHandlerWithContext = warnings{opts.Log}
	return config, files, nil
}

// withoutKubeconfig is for what the files leave empty: a Pod's own
// ServiceAccount, but never in place of a file that was asked for.
func withoutKubeconfig(path string) (*rest.Config, error) {
	if path != "" {
		return nil, fmt.Errorf("%s is empty: it holds no configuration; %s", path, howTo)
	}
	config, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, errors.New("none is given, $KUBECONFIG and ~/.kube/config hold none, and this is not a Pod with a ServiceAccount")
	}
	return config, err
}

// digests maps paths to the SHA-256 of the files' contents, all zero for what
// cannot be read.
type digests map[string][sha256.Size]byte

func digestsOf(paths []string) digests {
	sums := make(digests, len(paths))
	for _, path := range paths {
		if path == "" {
			continue
		}
		var sum [sha256.Size]byte
		if content, err := readRegular(path); err == nil {
			sum = sha256.Sum256(content)
		}
		sums[path] = sum
	}
	return sums
}

// secrets matches where the messages of client-go and of the YAML parser may
// quote one: the user and password of a URL, and values in backquotes.
var secrets = regexp.MustCompile("//[^@\"\n]*@|`[^`]*`")

// redacted returns err without what may be a secret.
func redacted(err error) error {
	text := err.Error()
	if clean := secrets.ReplaceAllString(text, "(not shown)"); clean != text {
		return errors.New(clean)
	}
	return err
}

// warnings logs the warnings of the API server, which client-go would write to
// standard error.
type warnings struct{ log *slog.Logger }

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w warnings) HandleWarningHeaderWithContext(ctx context.Context, _ int, _ string, text string) {
	w.log.DebugContext(ctx, "warning of the API server", "text", text)
}
