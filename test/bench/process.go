package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// usage is what a process has used (proc(5)).
type usage struct {
	peak int     // of resident memory so far, KiB
	cpu  float64 // seconds, user and system
}

// clockTick is USER_HZ, 100 on every Linux architecture that Go knows.
const clockTick = 100

func usageOf(pid int) (usage, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	// The second field is the program's name in parentheses; utime and stime
	// are the 14th and 15th.
	_, after, _ := strings.Cut(string(stat), ") ")
	times := strings.Fields(after)
	if len(fields) == 0 || len(times) < 13 {
		return usage{}, fmt.Errorf("/proc/%d: not as expected", pid)
	}
	peak, err := strconv.Atoi(fields[0])
	if err != nil {
		return usage{}, err
	}
	ticks := 0
	for _, field := range times[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return usage{}, err
		}
		ticks += n
	}
	return usage{peak: peak, cpu: float64(ticks) / clockTick}, nil
}
