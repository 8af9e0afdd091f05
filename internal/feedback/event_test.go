package feedback

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestNewEvent(t *testing.T) {
	at := time.Unix(1e9, 0)
	got := newEvent(says(), warning("Invalid", "bad"), at)
	want := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: got.Name},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Namespace: "default", Name: "shop", UID: "uid-shop", ResourceVersion: "1",
		},
		Reason: "Invalid", Message: "bad", Type: "Warning",
		Source: corev1.EventSource{Component: "edgeward"}, ReportingController: "edgeward",
		FirstTimestamp: metav1.NewTime(at), LastTimestamp: metav1.NewTime(at), Count: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := newEvent(says(), normal("Synced", "a"), at); got.Type != "Normal" {
		t.Errorf("published is %q", got.Type)
	}
}

// TestEventNames: the same is said under the same name, something else, or
// about another Ingress, under another.
func TestEventNames(t *testing.T) {
	other, long := says(), says()
	other.UID = "uid-other"
	long.Ingress.Name = strings.Repeat("a.", 126) + "a"
	seen := make(map[string]bool)
	for _, name := range []string{
		eventName(says(), warning("Invalid", "bad")), eventName(says(), warning("Invalid", "worse")), eventName(says(), warning("Conflict", "bad")),
		eventName(other, warning("Invalid", "bad")), eventName(long, warning("Invalid", "bad")),
	} {
		if faults := validation.IsDNS1123Subdomain(name); len(faults) > 0 {
			t.Errorf("%q: %q", name, faults)
		}
		seen[name] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d names for five Events", len(seen))
	}
	later := says()
	later.Version = "2"
	if a, b := eventName(says(), normal("Synced", "a")), eventName(later, normal("Synced", "a")); a != b || !strings.HasPrefix(a, "shop.") {
		t.Errorf("%q and then %q", a, b)
	}
}

// TestRecord has the same said three times, once of them by a new process.
func TestRecord(t *testing.T) {
	api := newFakeAPI(t)
	start := time.Unix(1e9, 0)
	for i, test := range []struct {
		repeated bool
		count    int32
		last     time.Duration
	}{{false, 1, 0}, {true, 1, 0}, {false, 2, 2 * time.Minute}, {false, 3, 3 * time.Minute}} {
		j := job{kind: events, report: says(), message: warning("Invalid", "bad"), repeated: test.repeated}
		if err := record(t.Context(), api, j, start.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
		list, err := answer[*corev1.EventList](api.tracker.List(eventsResource, corev1.SchemeGroupVersion.WithKind("Event"), "default"))
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		got := list.Items[0]
		if got.Count != test.count || !got.LastTimestamp.Time.Equal(start.Add(test.last)) || !got.FirstTimestamp.Time.Equal(start) {
			t.Errorf("said for the %d. time: %d times, %s to %s", i+1, got.Count, got.FirstTimestamp, got.LastTimestamp)
		}
	}
}
