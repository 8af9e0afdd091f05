package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// call is a provider call as it came in.
type call struct {
	provider   string
	kind       string // "create", "read", "update", "delete" or "list"
	host       string // of a rule, as far as it is known whose it is, or the name of a record that is made
	begun, end time.Time
	throttled  bool // answered 429
}

// calls takes down the calls to both providers.
type calls struct {
	mu      sync.Mutex
	all     []call
	writes  map[string]int    // that were let through, by provider
	hosts   map[string]string // of rules, by UUID
	changed chan struct{}     // closed and replaced at the end of each call
}

func newCalls() *calls {
	return &calls{writes: make(map[string]int), hosts: make(map[string]string), changed: make(chan struct{})}
}

// observe goes around a provider; see lab.Options.
func (c *calls) observe(provider string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		this := call{provider: provider, begun: time.Now(), kind: kindOf(r)}
		id := path.Base(r.URL.Path)
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err == nil {
				this.host = published(body)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		this.end, this.throttled = time.Now(), answer.status == http.StatusTooManyRequests

		c.mu.Lock()
		defer c.mu.Unlock()
		if this.host == "" {
			this.host = c.hosts[id]
		} else if made := uuid(answer.body.Bytes()); made != "" {
			c.hosts[made] = this.host
		}
		c.all = append(c.all, this)
		if this.kind != "list" && this.kind != "read" && !this.throttled {
			c.writes[provider]++
		}
		close(c.changed)
		c.changed = make(chan struct{})
	})
}

func kindOf(r *http.Request) string {
	switch r.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut, http.MethodPatch:
		return "update"
	case http.MethodDelete:
		return "delete"
	}
	if strings.HasSuffix(r.URL.Path, "/records") || strings.Contains(r.URL.Path, "/shortname/") {
		return "list"
	}
	return "read"
}

// published is the host of the rule, or the name of the record, in a request's body; ""
// if there is none.
func published(body []byte) string {
	var request struct {
		Body struct{ PublishedHostname string }
		Name string
	}
	if json.Unmarshal(body, &request) != nil {
		return ""
	}
	return cmp.Or(request.Body.PublishedHostname, request.Name)
}

func uuid(body []byte) string {
	var instance struct{ UUID string }
	if json.Unmarshal(body, &instance) != nil {
		return ""
	}
	return instance.UUID
}

// recorder keeps what a handler answers.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// forget begins anew; whose rule is whose stays known.
func (c *calls) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = nil
	clear(c.writes)
}

// taken are the calls since they were last forgotten, in the order of their ends.
func (c *calls) taken() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// until waits until ok, which is asked after each call and may look at c.
func (c *calls) until(patience time.Duration, what string, ok func() bool) error {
	end := time.After(patience)
	for {
		c.mu.Lock()
		done, next := ok(), c.changed
		c.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-next:
		case <-end:
			return fmt.Errorf("%s: not after %s; calls: %s", what, patience, tally(c.taken()))
		}
	}
}

// wrote waits for a number of writes at each provider since forget, and returns
// when the last call ended.
func (c *calls) wrote(patience time.Duration, edgio, vultr int) (last time.Time, err error) {
	err = c.until(patience, fmt.Sprintf("%d writes at Edgio, %d at Vultr", edgio, vultr), func() bool {
		if c.writes["edgio"] < edgio || c.writes["vultr"] < vultr {
			return false
		}
		last = c.all[len(c.all)-1].end
		return true
	})
	return last, err
}

// tally is "edgio 1 list, 100 create; vultr 1 list, 4 create", "none" for none.
func tally(all []call) string {
	order := []string{"list", "read", "create", "update", "delete", "429"}
	count := make(map[string]map[string]int)
	for _, c := range all {
		if count[c.provider] == nil {
			count[c.provider] = make(map[string]int)
		}
		if c.throttled {
			count[c.provider]["429"]++
			continue
		}
		count[c.provider][c.kind]++
	}
	var parts []string
	for _, provider := range slices.Sorted(maps.Keys(count)) {
		var kinds []string
		for _, kind := range order {
			if n := count[provider][kind]; n > 0 {
				kinds = append(kinds, fmt.Sprint(n, " ", kind))
			}
		}
		parts = append(parts, provider+" "+strings.Join(kinds, ", "))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}

// made are the numbers of the Ingresses whose rules were created, see hostName.
func (c *calls) made() (ingresses []int) {
	for _, call := range c.taken() {
		var i int
		if _, err := fmt.Sscanf(call.host, "host-%d.", &i); err == nil && call.kind == "create" {
			ingresses = append(ingresses, i)
		}
	}
	return ingresses
}
