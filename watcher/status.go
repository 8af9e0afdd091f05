package watcher

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxManager is the longest name of a field manager that the API server takes,
// in bytes (apimachinery, validation.FieldManagerMaxLength).
const maxManager = 128

// StatusManager is the field manager under which edgeward writes hostname into
// the status of an Ingress: "edgeward:acme.cdn.example". The API server keeps it
// in metadata.managedFields as long as nobody else has changed the list, which
// it owns as a whole (listType=atomic). So an Ingress says by itself which of
// its entries is ours, after a restart and after a change of the hostname too;
// neither an annotation nor a memory of our own is needed, and an entry that
// another controller wrote is never taken for ours, not even one that says
// the same.
func StatusManager(hostname string) string {
	name := "edgeward:" + hostname
	return name[:min(len(name), maxManager)]
}

// Published returns the hostnames in an Ingress's status that edgeward wrote,
// nil if there are none. Whoever reads addresses from a status has to leave
// them out.
func Published(in *networkingv1.Ingress) []string {
	var ours []string
	for _, entry := range in.Status.LoadBalancer.Ingress {
		if entry.Hostname == "" || slices.Contains(ours, entry.Hostname) {
			continue
		}
		manager := StatusManager(entry.Hostname)
		if slices.ContainsFunc(in.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
			return f.Manager == manager && f.Subresource == "status"
		}) {
			ours = append(ours, entry.Hostname)
		}
	}
	return ours
}
