package watcher

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

// stream watches from a version until the watch ends, which is always an error, or a new
// snapshot is asked for. It returns the version to go on from, "" for a new snapshot.
func (l *Loop[T]) stream(parent context.Context, version string) (string, error) {
	t := l.opts.Timings
	limit := t.watchLimit()
	seconds := int64((limit + time.Second - 1) / time.Second)

	// One timer for both: first the opening must succeed in time, then the stream must
	// end in time.
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	deadline := time.AfterFunc(t.Call, func() { cancel(errSilent) })
	defer deadline.Stop()
	w, err := l.opts.Watch(ctx, metav1.ListOptions{
		ResourceVersion:     version,
		AllowWatchBookmarks: true,
		TimeoutSeconds:      &seconds,
	})
	if err != nil {
		return version, because(ctx, err)
	}
	defer w.Stop()
	deadline.Reset(limit + t.WatchGrace)

	opened := time.Now()
	for {
		var event watch.Event
		var open bool
		select {
		case <-ctx.Done():
		case <-l.renew:
			return "", nil
		case event, open = <-w.ResultChan():
		}
		switch {
		case ctx.Err() != nil: // first: client-go turns it into an event of its own
			return version, context.Cause(ctx)
		case !open:
			// Where nothing happens, and a proxy cuts what idles, there are only
			// closes. Such a watch did work.
			if time.Since(opened) >= t.RetryMax {
				l.works()
			}
			return version, errClosed
		case event.Type == watch.Error:
			return version, apierrors.FromObject(event.Object)
		}
		next, err := l.receive(event)
		if err != nil {
			return version, err
		}
		if next != "" {
			version = next
		}
		l.works()
	}
}

// receive handles one event and returns its resource version.
func (l *Loop[T]) receive(event watch.Event) (string, error) {
	object, err := meta.Accessor(event.Object)
	if err != nil {
		return "", fmt.Errorf("event %s with a %T: %w", event.Type, event.Object, err)
	}
	key := kube.Key{Namespace: object.GetNamespace(), Name: object.GetName()}
	switch event.Type {
	case watch.Bookmark: // an empty object that only carries the version
	case watch.Added, watch.Modified:
		// Which of the two does not matter: the copy knows better, for an object may
		// start or stop being selected, or be replaced.
		l.guard(key, func() { l.put(key, l.reduce(event.Object)) })
	case watch.Deleted:
		l.guard(key, func() { l.put(key, nil) })
	default:
		return "", fmt.Errorf("event of unknown type %q", event.Type)
	}
	l.opts.Metrics.event(l.opts.Resource, strings.ToLower(string(event.Type)))
	return object.GetResourceVersion(), nil
}

// put brings an object, nil for none, into the copy and dispatches what has changed.
func (l *Loop[T]) put(key kube.Key, fresh *T) {
	var old *T
	l.mu.Lock()
	if kept, ok := l.kept[key]; ok {
		old = &kept
	}
	if fresh != nil {
		l.kept[key] = *fresh
	} else {
		delete(l.kept, key)
	}
	l.mu.Unlock()
	for _, c := range changes(old, fresh, byWatch) {
		c.dispatch(l.opts.Handler)
	}
}

// because prefers the reason why ctx ended, if it did, to an error that only follows from
// it.
func because(ctx context.Context, err error) error {
	if errors.As(err, new(*HangingPluginError)) { // it says what did not answer
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
