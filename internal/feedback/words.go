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
	"github.com/edgeward/edgeward/internal/printable"
)

const (
	// maxText bounds a message in bytes, as the API of Events does
	// (events.k8s.io/v1: note).
	maxText = 1024
	// maxKeys is how many hosts and paths are named of those with one reason.
	maxKeys = 6
)

// words makes a message for each state. For the hosts in noDNS nobody makes DNS yet,
// whatever their zone.
func (s Source) words(list []finding, notes []string, targets map[model.RuleKey]string, noDNS map[string]bool) []Message {
	byState := make(map[desired.State][]finding)
	for _, f := range list {
		byState[f.state] = append(byState[f.state], f)
	}
	var messages []Message
	for state, findings := range byState {
		say, ok := sayings[state]
		if !ok {
			continue
		}
		waits := slices.ContainsFunc(findings, func(f finding) bool { return f.waits })
		text := say.lead + described(findings)
		switch {
		case state == desired.Synced:
			text += "." + s.dnsHint(findings, targets, noDNS)
		case state != desired.Pending || waits:
			text += ". " + say.help
		}
		if state == desired.Synced && len(notes) > 0 {
			text += noted(notes)
		}
		messages = append(messages, Message{Reason: say.reason, Warning: say.warning || waits, Text: cut(printable.Text(text))})
	}
	slices.SortFunc(messages, func(a, b Message) int { return cmp.Compare(a.Reason, b.Reason) })
	return messages
}

func noted(notes []string) string { return " Note: " + strings.Join(notes, "; ") + "." }

// served is said of an Ingress of which nothing is left to publish, since others
// publish its hosts as a whole from where it leads, too.
func served(notes []string) Message {
	return Message{Reason: sayings[desired.Synced].reason, Text: cut(printable.Text("Nothing is left to publish." + noted(notes)))}
}

// saying is how a state is put. Lead goes before what was found, help after it.
type saying struct {
	reason     string
	warning    bool
	lead, help string
}

// sayings are how the plan's states are put. Users filter Events by the reasons,
// so these do not change.
var sayings = map[desired.State]saying{
	desired.Synced:   {reason: "Synced", lead: "Published at the CDN: "},
	desired.Failed:   {reason: "SyncFailed", warning: true, help: "It is tried again by itself; what is published stays as it is until then."},
	desired.Conflict: {reason: "Conflict", warning: true, help: "It is published for this Ingress as soon as nobody else has it."},
	desired.Invalid:  {reason: "Invalid", warning: true, help: "Correct the Ingress or what it names; nothing new is published until then."},
	desired.Pending:  {reason: "Pending", help: "It is published as soon as that is there."},
	desired.Released: {reason: "Released", lead: "Let go: ", help: "The rule stays at the CDN as it is and is not touched again."},
}

// described says which hosts and paths, and why, those with the same reason
// together: "www.example.com/a, www.example.com/a/: Service web does not exist".
func described(findings []finding) string {
	keys := make(map[string][]string)
	for _, f := range findings {
		list := keys[f.reason]
		if f.key != (model.RuleKey{}) {
			list = append(list, f.key.String())
		}
		keys[f.reason] = list
	}
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(keys)) {
		parts = append(parts, joined(keys[reason], reason))
	}
	return strings.Join(parts, "; ")
}

// joined is "a, b and 3 more: reason", without the part that is not there.
func joined(keys []string, reason string) string {
	slices.Sort(keys)
	keys = slices.Compact(keys)
	more := ""
	if len(keys) > maxKeys {
		more = fmt.Sprintf(" and %d more", len(keys)-maxKeys)
		keys = keys[:maxKeys]
	}
	text := strings.Join(keys, ", ") + more
	switch {
	case text == "":
		return reason
	case reason == "":
		return text
	}
	return text + ": " + reason
}

// dnsHint says where DNS has to lead the hosts of the findings, but for those
// that are led there already: " Let DNS lead a.example, b.example to
// cdn.example (CNAME)."
func (s Source) dnsHint(findings []finding, targets map[model.RuleKey]string, noDNS map[string]bool) string {
	hosts := make(map[string][]string) // by target
	for _, f := range findings {
		if target := targets[f.key]; target != "" && (noDNS[f.key.Host] || !published(f.key.Host, s.Settings.PublishZones)) {
			hosts[target] = append(hosts[target], f.key.Host)
		}
	}
	if len(hosts) == 0 {
		return ""
	}
	var parts []string
	for _, target := range slices.Sorted(maps.Keys(hosts)) {
		list := slices.Compact(slices.Sorted(slices.Values(hosts[target])))
		parts = append(parts, strings.Join(few(list), ", ")+" to "+target)
	}
	return " Let DNS lead " + strings.Join(few(parts), ", ") + " (CNAME)."
}

// published reports whether a host lies in one of the zones that edgeward itself
// publishes in.
func published(host string, zones []string) bool {
	return slices.ContainsFunc(zones, func(zone string) bool { return host == zone || strings.HasSuffix(host, "."+zone) })
}

// few leaves out what are more than maxKeys.
func few(list []string) []string {
	if len(list) > maxKeys {
		list = append(list[:maxKeys:maxKeys], "…")
	}
	return list
}

// cut shortens a text to maxText bytes.
func cut(text string) string {
	const ellipsis = "…"
	if len(text) <= maxText {
		return text
	}
	end := maxText - len(ellipsis)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
