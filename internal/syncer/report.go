package syncer

import (
	"fmt"
	"time"
)

// report tells the log and the metrics what the last plan found.
func (s *Syncer) report(now time.Time) {
	s.setState(s.awaited())
	if s.cdnsKnown() && s.dns.Known() {
		s.syncs.completed(s.want, s.step, s.published, now)
	}
	s.tell()
	s.measure(now)
}

// awaited says what has to come before the first comparison; "" if nothing.
func (s *Syncer) awaited() string {
	for _, c := range s.opts.Clusters {
		if s.want.Clusters[c.Name] == nil {
			return "cluster " + c.Name + ": no complete snapshot yet"
		}
	}
	for _, t := range s.targets() {
		if lists := t.Lists(); !lists.Known {
			reason := string(lists.Target) + ": what stands there was not read yet"
			if lists.Err != nil {
				reason += ": " + lists.Err.Error()
			}
			return reason
		}
	}
	return ""
}

// few leaves out what are more than a line of the log should hold: one Ingress
// may have thousands of paths.
func few(rules []string) []string {
	const most = 10
	if len(rules) > most {
		return append(rules[:most:most], fmt.Sprintf("and %d more", len(rules)-most))
	}
	return rules
}
