package feedback

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/printable"
)

const (
	// maxText bounds a message in bytes, as the API of Events does
	// (events.k8s.io/v1: note).
	maxText = 1024
	// maxNames is how many hosts and paths are named of those with one reason.
	maxNames = 6
)

// Reasons of Events. Users filter Events by them, so they do not change.
const (
	reasonSynced   = "Synced"
	reasonFailed   = "SyncFailed"
	reasonConflict = "Conflict"
	reasonInvalid  = "Invalid"
	reasonPending  = "Pending"
	reasonReleased = "Released"
)

// messages puts what became of an Ingress into words, a message for each state.
func messages(o *outcome.Overview, in *outcome.Ingress) (all []Message) {
	findings := slices.DeleteFunc(in.Findings(), func(f outcome.Finding) bool {
		return f.Kind == outcome.Uncompared || f.Kind == outcome.LeftOver
	})
	if len(findings) == 0 && len(in.Warnings) > 0 && o.Want.PublishedByOthers(in.ID) {
		// Others publish its hosts as a whole, from where it leads, too.
		return []Message{{Reason: reasonSynced, Text: fit("Nothing is left to publish." + noted(in.Warnings))}}
	}
	for len(findings) > 0 { // they are in the order of their states
		n := 1
		for n < len(findings) && findings[n].State == findings[0].State {
			n++
		}
		all = append(all, message(o, in, findings[:n]))
		findings = findings[n:]
	}
	slices.SortFunc(all, func(a, b Message) int { return cmp.Compare(a.Reason, b.Reason) })
	return all
}

// message says what holds for routes that are all in one state.
func message(o *outcome.Overview, in *outcome.Ingress, findings []outcome.Finding) Message {
	m, text := Message{}, described(findings)
	switch findings[0].State {
	case desired.Synced:
		m.Reason, text = reasonSynced, "Published at the CDN: "+text+"."+dnsHint(o, in)
		if len(in.Warnings) > 0 {
			text += noted(in.Warnings)
		}
	case desired.Failed:
		m.Reason, m.Warning = reasonFailed, true
		text += ". It is tried again by itself; what is published stays as it is until then."
	case desired.Conflict:
		m.Reason, m.Warning = reasonConflict, true
		text += ". It is published for this Ingress as soon as nobody else has it."
	case desired.Invalid:
		m.Reason, m.Warning = reasonInvalid, true
		text += ". Correct the Ingress or what it names; nothing new is published until then."
	case desired.Pending:
		m.Reason = reasonPending
		if m.Warning = slices.ContainsFunc(findings, outcome.Finding.Waits); m.Warning {
			text += ". It is published as soon as that is there."
		}
	case desired.Released:
		m.Reason, text = reasonReleased, "Let go: "+text+". The rule stays at the CDN as it is and is not touched again."
	}
	m.Text = fit(text)
	return m
}

func noted(warnings []string) string { return " Note: " + strings.Join(warnings, "; ") + "." }

// described says which hosts and paths, and why: "www.example.com/a,
// www.example.com/a/: Service web does not exist".
func described(findings []outcome.Finding) string {
	var parts []string
	for _, f := range findings {
		reason := f.Reason
		if f.Cause != "" {
			reason += " (" + f.Cause + ")"
		}
		parts = append(parts, joined(f.Routes, reason))
	}
	return strings.Join(parts, "; ")
}

// joined is "a, b and 3 more: reason", without the part that is not there.
func joined(names []string, reason string) string {
	more := ""
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	text := strings.Join(names, ", ") + more
	switch {
	case text == "":
		return reason
	case reason == "":
		return text
	}
	return text + ": " + reason
}

// dnsHint says where DNS has to lead the hosts that are published, but for those that
// edgeward itself leads there: " Let DNS lead a.example, b.example to cdn.example (CNAME)."
func dnsHint(o *outcome.Overview, in *outcome.Ingress) string {
	hosts := make(map[string][]string) // by the CDN's name for them
	for _, r := range in.Routes {
		if r.State == desired.Synced && r.Hostname != "" && !leads(o, r.Key.Host) {
			hosts[r.Hostname] = append(hosts[r.Hostname], r.Key.Host)
		}
	}
	if len(hosts) == 0 {
		return ""
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		parts = append(parts, strings.Join(few(ordered.Distinct(hosts[name])), ", ")+" to "+name)
	}
	return " Let DNS lead " + strings.Join(few(parts), ", ") + " (CNAME)."
}

// leads reports whether edgeward itself makes the DNS of a host.
func leads(o *outcome.Overview, host string) bool {
	return !o.Step.NoDNS[host] &&
		slices.ContainsFunc(o.Settings.PublishZones, func(zone string) bool { return model.Within(host, zone) })
}

// few leaves out what are more than maxNames.
func few(list []string) []string {
	if len(list) > maxNames {
		list = append(list[:maxNames:maxNames], "…")
	}
	return list
}

// fit makes a text fit for an Event: what does not show is escaped, and what is too long cut.
func fit(text string) string {
	const ellipsis = "…"
	text = printable.Text(text)
	if len(text) <= maxText {
		return text
	}
	end := maxText - len(ellipsis)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
