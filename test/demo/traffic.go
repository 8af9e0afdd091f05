package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

// serveTraffic starts what requests need: the pods, and the CDN's edge.
func (d *demo) serveTraffic() error {
	var err error
	if d.workload, err = workload.Start(d.ctx, d.lab.Kube.Clientset(), nil); err != nil {
		return err
	}
	d.edge, err = d.lab.StartEdge(emulator.EdgeOptions{}, nil)
	return err
}

// endTraffic stops what serveTraffic has started.
func (d *demo) endTraffic() {
	if d.edge != nil {
		d.edge.Close()
	}
	if d.workload != nil {
		d.workload.Close()
	}
}

// curl is how to ask the edge for a path, as a command line.
func (d *demo) curl(path string) []string {
	return []string{"curl", "--silent", "--show-error", "--noproxy", host, "--cacert", d.edge.CAFile, "--connect-to",
		host + ":443:" + d.edge.HTTPS, "https://" + host + path}
}

// request asks the edge for a path of an Ingress, and shows and checks what the
// pod has answered.
func (d *demo) request(path, ingress string) error {
	command := d.curl(path)
	fmt.Println("  $", strings.Join(command, " "))
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Println("  (there is no curl here, so Go asks)")
		said, err = d.get(ctx, command[len(command)-1])
	}
	for line := range strings.Lines(string(said)) {
		fmt.Println("  |", strings.TrimRight(line, "\n"))
	}
	if err != nil {
		return fmt.Errorf("step %d does not hold: %w", d.step, err)
	}
	var answer workload.Answer
	if err := json.Unmarshal(said, &answer); err != nil {
		return fmt.Errorf("step %d does not hold: that is no answer of a pod", d.step)
	}
	mark := lab.Owner + "/main/default/" + ingress + "/"
	if answer.Pod == "" || answer.Path != path || len(answer.Edgeward) != 1 || !strings.HasPrefix(answer.Edgeward[0], mark) {
		return fmt.Errorf("step %d does not hold: want a pod that saw %s and the mark %s…", d.step, path, mark)
	}
	return nil
}

func (d *demo) get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	reply, err := d.edge.Client().Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, reply.Body); err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		err = errors.New(reply.Status)
	}
	return body.Bytes(), err
}
