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

	"github.com/edgeward/edgeward/test/workload"
)

// curl is a command line that asks for a URL, the last of its arguments.
func curl(arguments ...string) []string {
	return append([]string{"curl", "--silent", "--show-error"}, arguments...)
}

// request asks the edge by a command line of curl or, where that is missing, by
// a client, and shows and checks what the pod has answered.
func (d *demo) request(command []string, client *http.Client, check func(workload.Answer) error) error {
	fmt.Println("  $", strings.Join(command, " "))
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Println("  (there is no curl here, so Go asks)")
		said, err = get(ctx, client, command[len(command)-1])
	}
	for line := range strings.Lines(string(said)) {
		fmt.Println("  |", strings.TrimRight(line, "\n"))
	}
	var answer workload.Answer
	switch {
	case err != nil:
	case json.Unmarshal(said, &answer) != nil || answer.Pod == "":
		err = errors.New("that is no answer of a pod")
	default:
		err = check(answer)
	}
	if err != nil {
		return fmt.Errorf("step %d does not hold: %w", d.step, err)
	}
	return nil
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	reply, err := client.Do(r)
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
