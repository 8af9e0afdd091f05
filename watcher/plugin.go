package watcher

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// spare is how long a call may go on after its context is done, until it is left
// behind.
const spare = time.Second

// Plugins are the programs that kubeconfigs have run for credentials. client-go waits
// for them without a bound, and for each call that needs one. All Clients of a process
// share them, so that a plugin that hangs holds up a few goroutines, and not some more
// at each try and each reload.
type Plugins struct {
	mu   sync.Mutex
	hung map[pluginID]*call // the latest that was left behind
}

// NewPlugins knows of none yet.
func NewPlugins() *Plugins { return &Plugins{hung: make(map[pluginID]*call)} }

// pluginID tells apart what is run, with its arguments and environment.
type pluginID [sha256.Size]byte

func idOf(c *clientcmdapi.ExecConfig) (pluginID, error) {
	text, err := json.Marshal(c)
	return sha256.Sum256(text), err
}

// HangingPluginError says that a call waited for a plugin that does not end.
type HangingPluginError struct {
	Command string // its name alone: arguments may hold secrets
}

func (e *HangingPluginError) Error() string {
	return fmt.Sprintf("the plugin %s, which the kubeconfig runs for credentials, does not end: mend it, and end its process", e.Command)
}

// around returns a transport whose calls end when their context does, even while
// the plugin hangs.
func (p *Plugins) around(base http.RoundTripper, c *clientcmdapi.ExecConfig, log *slog.Logger) (http.RoundTripper, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	return &impatient{base: base, plugins: p, id: id, hangs: &HangingPluginError{filepath.Base(c.Command)}, log: log}, nil
}

// impatient leaves behind the calls that do not end with their context. While there
// is one, further calls wait for its end instead of joining it.
type impatient struct {
	base    http.RoundTripper
	plugins *Plugins
	id      pluginID
	hangs   *HangingPluginError
	log     *slog.Logger
}

// call is one call and its outcome, once done is closed.
type call struct {
	done chan struct{}
	resp *http.Response
	err  error
}

// RoundTrip implements http.RoundTripper.
func (t *impatient) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if before := t.plugins.left(t.id); before != nil && !before.endsBefore(ctx.Done()) {
		return nil, t.hangs
	}
	c := &call{done: make(chan struct{})}
	go func() {
		c.resp, c.err = t.base.RoundTrip(req.Clone(ctx))
		close(c.done)
	}()
	if c.endsBefore(ctx.Done()) {
		return c.resp, c.err
	}
	// Whatever does heed the context ends about now.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), spare)
	defer cancel()
	if c.endsBefore(late.Done()) {
		return c.resp, c.err
	}
	t.leave(c)
	return nil, t.hangs
}

// endsBefore waits for the end of the call or for limit, whichever is first.
func (c *call) endsBefore(limit <-chan struct{}) bool {
	select {
	case <-c.done:
		return true
	case <-limit:
		return false
	}
}

// leave leaves a call behind, and says so of the first.
func (t *impatient) leave(c *call) {
	if t.plugins.leave(t.id, c) {
		t.log.Error("going on without an answer: "+t.hangs.Error()+"; it is not run again before", "plugin", t.hangs.Command)
	}
	go func() {
		<-c.done
		if c.err == nil {
			c.resp.Body.Close() // nobody reads it
		}
		if t.plugins.ended(t.id, c) {
			t.log.Info("a plugin for credentials that hung has ended", "plugin", t.hangs.Command)
		}
	}()
}

// left returns the latest call that was left behind, nil for none.
func (p *Plugins) left(id pluginID) *call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hung[id]
}

// leave keeps a call that was left behind, and reports whether it is the first.
func (p *Plugins) leave(id pluginID, c *call) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first = p.hung[id] == nil
	p.hung[id] = c
	return first
}

// ended takes note that a call that was left behind has ended, and reports whether it
// was the latest: those before it wait in the same queue of client-go's.
func (p *Plugins) ended(id pluginID, c *call) (latest bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hung[id] != c {
		return false
	}
	delete(p.hung, id)
	return true
}
