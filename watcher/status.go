package watcher

import (
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxManager is the longest name of a field manager that the API server takes,
// in bytes (apimachinery, validation.FieldManagerMaxLength).
const maxManager = 128

// managerPrefix begins the names under which edgeward writes statuses.
const managerPrefix = "edgeward:"

// StatusManager is the field manager under which edgeward writes hostnames into
// the status of an Ingress: "edgeward:acme.cdn.example", or "edgeward:+3" for
// the last three entries of the list. The API server keeps it in
// metadata.managedFields as long as nobody else has changed the list, which it
// owns as a whole (listType=atomic). So an Ingress says by itself which of its
// entries are ours, after a restart and after a change of the hostnames too;
// neither an annotation nor a memory of our own is needed, and an entry that
// another controller wrote is never taken for ours, not even one that says
// the same.
func StatusManager(hostnames ...string) string {
	if len(hostnames) != 1 {
		return managerPrefix + "+" + strconv.Itoa(len(hostnames))
	}
	name := managerPrefix + hostnames[0]
	return name[:min(len(name), maxManager)]
}

// Published returns the hostnames in an Ingress's status that edgeward wrote,
// nil if there are none. Whoever reads addresses from a status has to leave
// them out.
func Published(in *networkingv1.Ingress) []string {
	entries := in.Status.LoadBalancer.Ingress
	first := len(entries) // from here on all are ours
	for _, f := range in.ManagedFields {
		if count, ok := strings.CutPrefix(f.Manager, managerPrefix+"+"); ok && f.Subresource == "status" {
			if n, err := strconv.Atoi(count); err == nil && n > 0 && n <= len(entries) {
				first = len(entries) - n
			}
		}
	}
	var ours []string
	for i, entry := range entries {
		if entry.Hostname == "" || slices.Contains(ours, entry.Hostname) {
			continue
		}
		manager := StatusManager(entry.Hostname)
		if i >= first || slices.ContainsFunc(in.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
			return f.Manager == manager && f.Subresource == "status"
		}) {
			ours = append(ours, entry.Hostname)
		}
	}
	return ours
}
