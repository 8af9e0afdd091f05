package watcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

// LoopOptions say what a Loop lists and watches; Namespace, Handler, Synced and
// Metrics may be left out.
type LoopOptions[T Object[T]] struct {
	Resource  string // plural, as in the API: "ingresses"
	Namespace string // for messages; "" means all, or a resource without namespaces
	// List and Watch call the API server with the options given, to which
	// they add the selection. They must not retry by themselves.
	List  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	Watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	// Reduce takes from an object what is kept of it. False: the object is not
	// selected, and counts as absent.
	Reduce  func(runtime.Object) (T, bool)
	Handler Handler[T]
	// Synced is called once, after the first snapshot was dispatched.
	Synced func()
	// Listed is called after each snapshot was dispatched, with when it began; nil if
	// nobody is to be told. A resource that is done without counts as listed each time it
	// is forbidden.
	Listed func(time.Time)
	// Optional, if not empty, says what it means to do without the resource, and
	// what would allow it to be read: when the API server has forbidden the first
	// snapshot a few times, the Loop says so once and is synced, with nothing in
	// it. It goes on trying, without a word.
	Optional string
	// Refused is called with true when an optional resource is done without, and
	// with false when it may be read after all; nil if nobody is to be told.
	Refused func(bool)
	// DoneWithout is how loud it is told that an optional resource is done without.
	DoneWithout slog.Level
	// Forbidden is called with true when the API server begins to forbid the
	// resource, before Synced, and with false when it may be read again, after what
	// was read was dispatched; nil if nobody is to be told.
	Forbidden func(bool)
	Timings   Timings
	Metrics   Metrics
	Log       *slog.Logger
}

// Loop keeps a copy of one resource: a snapshot, then a watch from its version,
// and a new snapshot where the watch cannot go on.
type Loop[T Object[T]] struct {
	opts  LoopOptions[T]
	log   *slog.Logger
	renew chan struct{} // holds one element while a new snapshot is asked for

	// Run's own.
	streak    streak
	without   bool // an optional resource may not be read
	forbidden bool // the latest answer

	mu     sync.RWMutex
	kept   map[kube.Key]T
	synced bool
	err    error // of the latest failure, nil once it works again
}

// NewLoop returns a Loop that does nothing before Run.
func NewLoop[T Object[T]](opts LoopOptions[T]) *Loop[T] {
	log := opts.Log.With("resource", opts.Resource)
	if opts.Namespace != "" {
		log = log.With("namespace", opts.Namespace)
	}
	if opts.Handler == nil {
		opts.Handler = discard[T]{}
	}
	return &Loop[T]{opts: opts, log: log, renew: make(chan struct{}, 1)}
}

// Renew asks for a new snapshot: what Reduce makes of the objects has changed, or somebody
// wants to be sure.
func (l *Loop[T]) Renew() {
	select {
	case l.renew <- struct{}{}:
	default:
	}
}

// Objects returns the kept objects in no particular order.
func (l *Loop[T]) Objects() []T {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Collect(maps.Values(l.kept))
}

// Synced reports whether there has been a complete snapshot. It stays true when
// the API server is lost afterwards.
func (l *Loop[T]) Synced() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.synced
}

// Err returns the latest failure, or nil while listing and watching works.
func (l *Loop[T]) Err() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.err
}

// forbiddenForGood is how many times in a row an optional resource is forbidden
// until that is believed: an API server that starts forbids for a moment.
const forbiddenForGood = 3

// Run lists and watches until ctx is done. No error ends it: each is logged,
// counted and retried. It must be called once.
//
// If Handler or Reduce panics, Run logs which object it was and panics again.
func (l *Loop[T]) Run(ctx context.Context) {
	version := ""    // "": a snapshot is due
	resumed := false // a watch from the version has ended
	for ctx.Err() == nil {
		var err error
		if version == "" {
			resumed = false
			select {
			case <-l.renew: // this one will do
			default:
			}
			version, err = l.snapshot(ctx)
			if err == nil {
				l.forbid(false)
				if l.without {
					l.doWithout(false)
				}
			}
		} else {
			if resumed {
				err = l.confirm(ctx, version)
			}
			if err == nil {
				version, err = l.stream(ctx, version)
			}
			resumed = true
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		v := judge(err)
		l.streak = l.streak.next(v.reason)
		if v.reason == reasonForbidden {
			l.forbid(true)
		}
		if l.opts.Optional != "" && v.reason == reasonForbidden && (l.without || !l.Synced()) {
			sleep(ctx, jitter(l.refused(ctx, v, err)))
			continue
		}
		if v.renews(l.streak.n) {
			version = ""
		}
		failures := l.streak.n
		if v.slow { // an API server that starts forbids for a moment, after it was out of reach
			failures = l.streak.same
		}
		pause := jitter(l.opts.Timings.pause(v, failures))
		l.failed(ctx, v, err, pause)
		sleep(ctx, pause)
	}
}

// refused takes note that an optional resource may not be read, and returns how
// long to wait. It counts for no failure: whoever leaves a right out means to.
func (l *Loop[T]) refused(ctx context.Context, v verdict, err error) (pause time.Duration) {
	l.setErr(err)
	if !l.without && l.streak.same >= forbiddenForGood {
		l.log.Log(ctx, l.opts.DoneWithout, "this may not be read, and is done without: "+l.opts.Optional, "err", err)
		l.doWithout(true)
		l.finishSnapshot()
	}
	if l.without {
		l.listed(time.Now())
	}
	// What is awaited is asked for again soon: everything else waits for it. So is,
	// for the better part of a minute, what may only be forbidden for a moment.
	v.slow = l.streak.same > 3*forbiddenForGood
	return l.opts.Timings.pause(v, l.streak.same)
}

// onListed has a function told of snapshots, before Run.
func (l *Loop[T]) onListed(tell func(time.Time)) { l.opts.Listed = tell }

func (l *Loop[T]) listed(began time.Time) {
	if l.opts.Listed != nil {
		l.opts.Listed(began)
	}
}

func (l *Loop[T]) doWithout(refused bool) {
	l.without = refused
	if l.opts.Refused != nil {
		l.opts.Refused(refused)
	}
}

// forbid takes note of whether the API server forbids the resource.
func (l *Loop[T]) forbid(is bool) {
	if l.forbidden != is {
		l.forbidden = is
		if l.opts.Forbidden != nil {
			l.opts.Forbidden(is)
		}
	}
}

// failed tells of a failure.
func (l *Loop[T]) failed(ctx context.Context, v verdict, err error, pause time.Duration) {
	if v.reason != reasonClosed {
		l.setErr(err)
	}
	l.opts.Metrics.restart(l.opts.Resource, v.reason)
	level := l.streak.loudness(v)
	l.streak.told = l.streak.told || level >= slog.LevelWarn
	attrs := []any{"reason", v.reason, "in_a_row", l.streak.same, "retry_in", pause.Round(time.Millisecond), "err", err}
	if v.advice != "" {
		attrs = append(attrs, "advice", v.advice)
	}
	l.log.Log(ctx, level, "watch interrupted", attrs...)
}

// progressed ends a streak of failures.
func (l *Loop[T]) progressed() {
	l.forbid(false)
	if l.streak == (streak{}) {
		return
	}
	if l.streak.told {
		l.log.Info("watch works again", "failures", l.streak.n)
	}
	l.streak = streak{}
	l.setErr(nil)
}

func (l *Loop[T]) setErr(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// stream watches from a version until the watch ends, which is always an
// error, and returns the version to go on from.
func (l *Loop[T]) stream(parent context.Context, version string) (string, error) {
	t := l.opts.Timings
	limit := t.watchLimit()
	seconds := int64((limit + time.Second - 1) / time.Second)

	// One timer for both: first the opening must succeed in time, then the
	// stream must end in time.
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
		renewed := false
		select {
		case <-ctx.Done():
		case <-l.renew:
			renewed = true
		case event, open = <-w.ResultChan():
		}
		switch {
		case renewed:
			return "", nil
		case ctx.Err() != nil: // first: client-go turns it into an event of its own
			return version, context.Cause(ctx)
		case !open:
			// Where nothing happens, and a proxy cuts what idles, there are
			// only closes. Such a watch did work.
			if time.Since(opened) >= t.RetryMax {
				l.progressed()
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
		l.progressed()
	}
}

// receive handles one event and returns its resource version.
func (l *Loop[T]) receive(event watch.Event) (string, error) {
	object, err := meta.Accessor(event.Object)
	if err != nil {
		return "", fmt.Errorf("event %s with a %T: %w", event.Type, event.Object, err)
	}
	switch event.Type {
	case watch.Bookmark: // an empty object that only carries the version
	case watch.Added, watch.Modified, watch.Deleted:
		key := kube.Key{Namespace: object.GetNamespace(), Name: object.GetName()}
		l.guard(key, func() { l.apply(key, event.Object, event.Type == watch.Deleted) })
	default:
		return "", fmt.Errorf("event of unknown type %q", event.Type)
	}
	l.opts.Metrics.event(l.opts.Resource, strings.ToLower(string(event.Type)))
	return object.GetResourceVersion(), nil
}

// apply brings an event's object into the copy and dispatches what changed.
// Whether it was added or modified does not matter: the copy knows better, for
// an object may start or stop being selected, or be replaced.
func (l *Loop[T]) apply(key kube.Key, object runtime.Object, deleted bool) {
	var old, fresh *T
	if !deleted {
		if reduced, selected := l.opts.Reduce(object); selected {
			fresh = &reduced
		}
	}
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
	for _, c := range changes(old, fresh, true) {
		c.dispatch(l.opts.Handler)
	}
}

// guard runs what handles one object. A panic is logged with what is needed to
// find its cause, and goes on: a copy half brought up to date must not be
// worked with, and the process shall die and be restarted.
func (l *Loop[T]) guard(key kube.Key, handle func()) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("panic while handling an object", "object", key.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			panic(p)
		}
	}()
	handle()
}

// because prefers the reason why ctx ended, if it did, to an error that only
// follows from it.
func because(ctx context.Context, err error) error {
	if errors.As(err, new(*HangingPluginError)) { // it says what did not answer
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
