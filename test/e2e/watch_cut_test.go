package e2e

import (
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// TestWatchCut resets all connections between the daemon and an API server that
// goes on, and then makes them slow: what changes meanwhile arrives, and nothing
// is deleted that is wanted.
func TestWatchCut(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two"))
	kubeconfig, err := lab.Kubeconfig(t.Context(), server)
	must(t, err)
	text, err := os.ReadFile(kubeconfig)
	must(t, err)
	_, address, _ := strings.Cut(string(text), "server: https://")
	address, _, _ = strings.Cut(address, "\n")
	p := newProxy(t, address)
	must(t, os.WriteFile(kubeconfig, []byte(strings.ReplaceAll(string(text), address, p.Addr().String())), 0o600))
	d := b.start(b.config(sections{"clusters": "- name: main\n  kubeconfig: " + kubeconfig}))
	one, two, three, four := rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080), rule("www.example.com/four", 30080)
	b.exact(one, two)
	b.idle(d)
	b.forgetCalls()

	if p.reset() == 0 {
		t.Fatal("no connection went through the proxy")
	}
	b.apply(ingress("three", "www.example.com/three"))
	took := b.exact(one, two, three)
	must(t, d.atLeast(1, "edgeward_watch_restarts_total"))
	t.Logf("exact %s after all connections were reset", took.Round(time.Millisecond))

	p.slow(200 * time.Millisecond)
	p.reset()
	b.apply(ingress("four", "www.example.com/four"))
	b.delete(ingress("one", "www.example.com/one"))
	took = b.exact(two, three, four)
	t.Logf("exact %s after they were reset, and slow from then on", took.Round(time.Millisecond))
	b.until(func() error { return b.wrote(3, 0) }) // two rules made and one deleted
	must(t, d.running())
}

// proxy passes connections on to an address.
type proxy struct {
	net.Listener
	mu    sync.Mutex
	delay time.Duration // of each piece that the server sends
	open  map[*net.TCPConn]bool
}

func newProxy(t *testing.T, to string) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{Listener: listener, open: map[*net.TCPConn]bool{}}
	t.Cleanup(func() {
		listener.Close()
		p.reset()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.pass(client.(*net.TCPConn), to)
		}
	}()
	return p
}

func (p *proxy) pass(client *net.TCPConn, to string) {
	defer client.Close()
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer up.Close()
	p.mu.Lock()
	p.open[client] = true
	p.mu.Unlock()
	go func() {
		defer up.Close()
		io.Copy(up, client)
	}()
	for piece := make([]byte, 32<<10); ; {
		n, err := up.Read(piece)
		p.mu.Lock()
		delay := p.delay
		p.mu.Unlock()
		time.Sleep(delay)
		if _, failed := client.Write(piece[:n]); err != nil || failed != nil {
			break
		}
	}
	p.mu.Lock()
	delete(p.open, client)
	p.mu.Unlock()
}

// slow delays each piece from now on.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// reset resets all connections and returns how many there were.
func (p *proxy) reset() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.SetLinger(0)
		c.Close()
		n++
	}
	return n
}
