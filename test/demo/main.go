// Command demo shows edgeward at work on this machine: a real Kubernetes API
// server, emulated providers, and the daemon between them. Each step changes
// something with the cluster's API and waits until the providers hold exactly
// what follows from it; requests go by the CDN's edge to a pod. -cdn is the CDN.
// With -once it runs unattended and exits non-zero where a step does not hold.
package main

import (
	"bufio"
	"context"
	"embed"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

//go:embed manifests
var manifests embed.FS

func main() {
	once := flag.Bool("once", false, "do not wait for Enter between the steps, and end after the last")
	cdn := flag.String("cdn", "vultr", "the CDN: vultr, edgio")
	flag.Parse()
	stories := map[string]func(*demo) (story, error){"vultr": startVultr, "edgio": startEdgio}
	if stories[*cdn] == nil {
		fmt.Fprintf(os.Stderr, "demo: -cdn: %q is neither vultr nor edgio\n", *cdn)
		os.Exit(64)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *once, stories[*cdn])
	if ctx.Err() != nil && !*once {
		return // Ctrl-C is how it ends, in whichever step
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// balancers are the names of load balancers that are known by one.
func balancers() map[string]netip.Addr {
	return map[string]netip.Addr{balancerName: netip.MustParseAddr(balancerAddress)}
}

func run(ctx context.Context, once bool, start func(*demo) (story, error)) error {
	dir, err := os.MkdirTemp("", "edgeward-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("Starting etcd and the Kubernetes API server (a few seconds) and the emulated providers.")
	server, err := kube.Start(ctx, kube.Options{})
	if err != nil {
		return err
	}
	defer server.Stop()
	var o lab.Options
	if !once { // nobody would see it, and the daemon looks after five seconds
		o.PullZonePending = time.Second
	}
	l, err := lab.New(ctx, server, dir, o)
	if err != nil {
		return err
	}
	defer l.Close()
	pods, err := workload.Start(ctx, server.Clientset(), balancers())
	if err != nil {
		return err
	}
	defer pods.Close()
	d := &demo{ctx: ctx, lab: l, once: once, enter: bufio.NewReader(os.Stdin)}
	defer d.stop()
	s, err := start(d)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.run(); err != nil {
		return err
	}
	if once {
		if err := d.stop(); err != nil {
			return err
		}
		fmt.Println("\nEvery step held.")
		return nil
	}
	page, err := d.page()
	if err != nil {
		return err
	}
	fmt.Printf("\nThe daemon goes on. Try it yourself, and watch its log go on here:\n"+
		"  export KUBECONFIG=%s\n  kubectl get ingress\n  kubectl get nodes\n  %s\n"+
		"Its status page: %s\nEnd with Ctrl-C.\n",
		server.AdminKubeconfig(), strings.Join(s.example(), " "), page)
	<-ctx.Done()
	return nil
}
