package feedback

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// component names edgeward as the source of its Events.
const component = "edgeward"

// maxName is the length of the longest name of an object (RFC 1123 subdomain).
const maxName = 253

// newEvent says m of the report's Ingress. Its name follows from what it says:
// while it stands (an hour, unless the API server is told otherwise) the same is
// never recorded beside it, not even by a process that knows nothing of the one
// before. client-go's recorder, which names Events by the time and counts in
// memory, would record everything anew after each restart.
func newEvent(r Report, m Message, now time.Time) *corev1.Event {
	kind := corev1.EventTypeNormal
	if m.Warning {
		kind = corev1.EventTypeWarning
	}
	at := metav1.NewTime(now)
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.Ingress.Namespace, Name: eventName(r, m)},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "networking.k8s.io/v1", Kind: "Ingress",
			Namespace: r.Ingress.Namespace, Name: r.Ingress.Name, UID: types.UID(r.UID), ResourceVersion: r.Version,
		},
		Reason: m.Reason, Message: m.Text, Type: kind,
		Source: corev1.EventSource{Component: component}, ReportingController: component,
		FirstTimestamp: at, LastTimestamp: at, Count: 1,
	}
}

// eventName is the Ingress's name, as far as there is room, and 64 bits of a
// hash of whom it concerns and what it says.
func eventName(r Report, m Message) string {
	sum := sha256.Sum256([]byte(r.UID + "\n" + m.Reason + "\n" + m.Text))
	suffix := "." + hex.EncodeToString(sum[:8])
	name := r.Ingress.Name
	if most := maxName - len(suffix); len(name) > most {
		name = strings.TrimRight(name[:most], ".-")
	}
	return name + suffix
}

// record records the Event of a job. One that says the same may stand already: then it
// counts once more, or, if it may only be repeated because we have forgotten that we said
// it, stays as it is.
func record(ctx context.Context, client API, j job, now time.Time) error {
	e := newEvent(j.report, j.message, now)
	err := client.CreateEvent(ctx, e, component)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	if j.repeated {
		return nil
	}
	// The answer to the first patch tells the count, so that no right to read
	// Events is needed.
	stands, err := patchEvent(ctx, client, e, map[string]any{"lastTimestamp": e.LastTimestamp})
	if err == nil {
		_, err = patchEvent(ctx, client, e, map[string]any{"count": max(stands.Count, 1) + 1})
	}
	return err
}

func patchEvent(ctx context.Context, client API, e *corev1.Event, fields map[string]any) (*corev1.Event, error) {
	patch, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return client.PatchEvent(ctx, e.Namespace, e.Name, patch, component)
}
