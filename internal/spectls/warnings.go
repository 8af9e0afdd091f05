package spectls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// Warnings says what spec.tls asks for and does not get at a CDN that is given a
// certificate for each host: hosts are all that the Ingress can publish, and
// uncertified those of them that are published without a certificate.
func (e Entries) Warnings(hosts, uncertified []string) (warnings []string) {
	if len(e.list) == 0 {
		return nil
	}
	const ends = ". A certificate that the CDN was given before goes on being served there, and is not renewed"
	secretless, stray := e.AskFor(uncertified), e.stray(hosts)
	forgotten := slices.DeleteFunc(slices.Clone(uncertified), e.asksFor)
	if len(secretless) > 0 {
		warnings = append(warnings, fmt.Sprintf("spec.tls asks for TLS for %s, which is published on http only: its entry has no secretName; name a Secret of type kubernetes.io/tls there%s",
			model.Listed(secretless, ", "), ends))
	}
	switch {
	case len(forgotten) > 0:
		text := "spec.tls has no entry for " + model.Listed(forgotten, ", ") + ", which is published on http only: name it there, beside the Secret"
		if len(stray) > 0 {
			text += "; it has one for " + model.Listed(stray, ", ") + ", of which the Ingress has no rule"
		}
		if slices.ContainsFunc(stray, func(name string) bool { return strings.HasPrefix(name, "*.") }) {
			text += " (* stands for one label)"
		}
		warnings = append(warnings, text+ends)
	case len(stray) > 0:
		warnings = append(warnings, fmt.Sprintf("spec.tls has an entry for %s, of which the Ingress has no rule: nothing is published there for it", model.Listed(stray, ", ")))
	}
	return warnings
}
