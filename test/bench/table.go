package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is where measurements come from.
type machine struct {
	date  time.Time
	cpu   string
	cores int
	load  string // the load averages at the start
}

func thisMachine() machine {
	m := machine{date: time.Now(), cores: runtime.NumCPU()}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, after, _ := strings.Cut(string(info), "model name\t: ")
		m.cpu, _, _ = strings.Cut(after, "\n")
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.load = strings.Join(strings.Fields(string(load))[:3], ", ")
	}
	return m
}

// write writes the table and the picture to a directory.
func (m measurements) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "growth.svg"), []byte(m.picture()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(m.report()), 0o644)
}

// report is RESULTS.md.
func (m measurements) report() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# What edgeward costs\n\n"+
		"Measured by `make bench` on %s: %s, %d cores, shared with the API server, etcd, both emulated\n"+
		"providers and what makes the changes; load averages at the start: %s.\n\n",
		m.machine.date.UTC().Format("2006-01-02 15:04 MST"), m.machine.cpu, m.machine.cores, m.machine.load)
	s.WriteString("![how it grows](growth.svg)\n\n" + m.growth() + "\n" + m.table() + "\n" + legend)
	return s.String()
}

const legend = `- **Sizes** are 100, 1,000 and 10,000 Ingresses of one host and path each, on 20, 100 and 500 Services and 3, 50 and 500
  nodes.
- **Limits** are those of the daemon's configuration and of the emulated providers alike: Edgio 600 calls a minute, Vultr 20 a
  second, each call 80 ms. **At 50/min** is the time that Edgio's calls take at its own limit, computed from their number.
- **Exact** is from the start of the process, or from the change in Kubernetes, until all providers have what is wanted; of
  changes one after the other, each 100 ms after the one before was live, their mean. **Least** is what the limits allow: the
  calls that are needed at the configured pace, or the latency of those that have to await one another.
- The last rows have **another namespace** keep a provider busy that takes 120 calls a minute: Edgio, or DNS. Its Ingresses are
  counted in the first column; the waits are those of a second namespace that makes one Ingress after the other meanwhile.
- **Wait** is from when a change is sent to the API server until the first provider call for it has come in.
- **CPU** and **peak** resident memory are the daemon's; the peak is since its start.
`

// growth says what an Ingress more costs.
func (m measurements) growth() string {
	var s strings.Builder
	first := m.find("first sync")
	for i, r := range first {
		if i == 0 {
			continue
		}
		less := first[i-1]
		n := r.ingresses - less.ingresses
		fmt.Fprintf(&s, "From %s to %s Ingresses the first sync takes %.2f KiB of peak memory and %.2f ms of CPU for each one more.\n",
			thousands(less.ingresses), thousands(r.ingresses), float64(r.peak-less.peak)/float64(n), 1000*(r.cpu-less.cpu)/float64(n))
	}
	return s.String()
}

// find returns the results of a scenario with free calls, by size.
func (m measurements) find(scenario string) (found []result) {
	for _, r := range m.results {
		if r.limits == (limits{}) && strings.HasPrefix(r.scenario, scenario) && !strings.Contains(r.scenario, " in it") {
			found = append(found, r)
		}
	}
	return found
}

// table is all results in Markdown.
func (m measurements) table() string {
	var s strings.Builder
	s.WriteString("| Ingresses | limits | scenario | calls | 429 | exact | least | ratio | at 50/min | wait p50 | wait p99 | CPU s | peak MiB |\n")
	s.WriteString("|---:|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range m.results {
		fmt.Fprintf(&s, "| %s |\n", strings.Join(r.cells(), " | "))
	}
	return s.String()
}

func (r result) cells() []string {
	limited := r.limits != limits{}
	name := "free"
	if limited {
		name = "yes"
	}
	least, ratio, slow := "", "", ""
	if limited && r.least > 0 {
		least, ratio = short(r.least), fmt.Sprintf("%.2f", r.took.Seconds()/r.least.Seconds())
	}
	throttled := 0
	edgio := 0
	for _, c := range r.calls {
		if c.throttled {
			throttled++
		}
		if c.provider == "edgio" && !c.throttled {
			edgio++
		}
	}
	if limited && edgio > 50 {
		slow = (time.Duration(edgio-1) * time.Minute / 50).Round(time.Second).String()
	}
	return []string{
		thousands(r.ingresses), name, r.scenario, tally(r.calls), strconv.Itoa(throttled),
		short(r.took), least, ratio, slow, short(quantile(r.waits, 0.5)), short(quantile(r.waits, 0.99)),
		fmt.Sprintf("%.2f", r.cpu), fmt.Sprintf("%.0f", float64(r.peak)/1024),
	}
}

// line is a result for whoever waits for it.
func (r result) line() string {
	c := r.cells()
	return fmt.Sprintf("%-6s %-4s %-40s exact %-8s least %-8s wait %s %s  cpu %s  peak %s  429: %s  [%s]",
		c[0], c[1], c[2], c[5], c[6], c[9], c[10], c[11], c[12], c[4], c[3])
}

// short is a duration in three digits or so, "" for none.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// thousands is a number with a comma: "10,000".
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
