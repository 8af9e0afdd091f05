package kube

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sleeperEnv makes the test binary run runSleeper instead of the tests.
const sleeperEnv = "EDGEWARD_TEST_SLEEPER"

// runSleeper starts a program that does nothing, prints its process ID, and
// waits to be killed.
func runSleeper() int {
	p, err := startProcess(os.Getenv(sleeperEnv), "sleep", "1000")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(p.cmd.Process.Pid)
	<-p.exited
	return 0
}

func TestChildDiesWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), sleeperEnv+"="+t.TempDir())
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	stat := "/proc/" + strings.TrimSpace(pid) + "/stat"
	if !runs(stat) {
		t.Fatalf("process %s does not run", strings.TrimSpace(pid))
	}

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // "signal: killed"
	deadline := time.After(10 * time.Second)
	for runs(stat) {
		select {
		case <-deadline:
			t.Fatal("the child outlives its parent")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// runs tells whether a process, by its file stat of proc(5), is there and not a zombie.
func runs(stat string) bool {
	text, err := os.ReadFile(stat)
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func TestLastLines(t *testing.T) {
	for _, test := range []struct {
		name, text string
		n          int
		want       string
	}{
		{"empty", "", 2, ""},
		{"fewer than asked for", "a\n", 2, "a"},
		{"more than asked for", "a\nb\nc\n", 2, "b\nc"},
		{"no newline at the end", "a\nb\nc", 2, "b\nc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := lastLines([]byte(test.text), test.n); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
