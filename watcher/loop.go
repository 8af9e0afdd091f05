package watcher

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

// LoopOptions say what a Loop lists and watches.
type LoopOptions[T Object[T]] struct {
	Resource  string // plural, as in the API: "ingresses"
	Namespace string // for messages; "" means all, or a resource without namespaces
	// List and Watch call the API server with the options given, to which they add the
	// selection. They must not retry by themselves.
	List  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	Watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	// Reduce takes from an object what is kept of it. False: the object is not
	// selected, and counts as absent.
	Reduce func(runtime.Object) (T, bool)
	// Optional is set for a resource that one can do without.
	Optional *Optional
	// After holds Run up until it is closed; nil: nothing does.
	After   <-chan struct{}
	Timings Timings
	Log     *slog.Logger

	// Who is told; nil: nobody.

	Handler Handler[T]
	// Synced is called once, after the first snapshot was dispatched.
	Synced func()
	// Listed is called after each snapshot was dispatched, with when it began. A resource
	// that was given up counts as listed each time it is forbidden.
	Listed func(time.Time)
	// AccessChanged is called when the API server begins to forbid the resource, before
	// Synced, and when it may be read again, after what was read was dispatched.
	AccessChanged func(from, to Access)
	Metrics       Metrics
}

// Loop keeps a copy of one resource: a snapshot, then a watch from its version, and a new
// snapshot where the watch cannot go on.
type Loop[T Object[T]] struct {
	opts  LoopOptions[T]
	log   *slog.Logger
	renew chan struct{} // holds one element while a new snapshot is asked for

	// Run's own.
	streak   streak
	access   Access
	refusals refusals

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
	if opts.Synced == nil {
		opts.Synced = func() {}
	}
	if opts.Listed == nil {
		opts.Listed = func(time.Time) {}
	}
	if opts.AccessChanged == nil {
		opts.AccessChanged = func(_, _ Access) {}
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

// Synced reports whether there has been a complete snapshot. It stays true when the API
// server is lost afterwards.
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

// waiting says what the first snapshot waits for.
func (l *Loop[T]) waiting() string {
	what := l.opts.Resource
	if l.opts.Namespace != "" {
		what += " in namespace " + l.opts.Namespace
	}
	err := l.Err()
	if err == nil {
		return what + ": the first snapshot is not complete yet"
	}
	reason := fmt.Sprintf("%s: no snapshot yet: %v", what, err)
	if advice := classify(err).advice; advice != "" {
		reason += ": " + advice
	}
	return reason
}

// Run lists and watches until ctx is done. No error ends it: each is logged, counted and
// retried. It must be called once.
//
// If Handler or Reduce panics, Run logs which object it was and panics again.
func (l *Loop[T]) Run(ctx context.Context) {
	if l.opts.After != nil {
		select {
		case <-l.opts.After:
		case <-ctx.Done():
		}
	}
	version := ""    // "": a snapshot is due
	resumed := false // a watch from the version has ended
	for ctx.Err() == nil {
		var err error
		if version == "" {
			version, err = l.snapshot(ctx)
			resumed = false
		} else {
			if resumed {
				err = l.detectRollback(ctx, version)
			}
			if err == nil {
				version, err = l.stream(ctx, version)
			}
			resumed = true
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		f := classify(err)
		if f.reason == reasonForbidden && l.access == Readable {
			l.setAccess(Forbidden)
		}
		if f.reason == reasonForbidden && l.mayDoWithout() {
			sleep(ctx, jitter(l.doWithout(ctx, f, err)))
			continue
		}
		l.refusals = refusals{}
		pause := jitter(l.streak.add(f, l.opts.Timings))
		if f.needsSnapshot(l.streak.n) {
			version = ""
		}
		l.failed(ctx, f, err, pause)
		sleep(ctx, pause)
	}
}

// failed records a failure.
func (l *Loop[T]) failed(ctx context.Context, f failure, err error, pause time.Duration) {
	if f.reason != reasonClosed {
		l.setErr(err)
	}
	l.opts.Metrics.restart(l.opts.Resource, f.reason)
	level := l.streak.level(f)
	l.streak.logged = l.streak.logged || level >= slog.LevelWarn
	attrs := []any{"reason", f.reason, "in_a_row", l.streak.same, "retry_in", pause.Round(time.Millisecond), "err", err}
	if f.advice != "" {
		attrs = append(attrs, "advice", f.advice)
	}
	l.log.Log(ctx, level, "watch interrupted", attrs...)
}

// works ends a streak of failures.
func (l *Loop[T]) works() {
	l.setAccess(Readable)
	if l.streak.n == 0 {
		return
	}
	if l.streak.logged {
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

// guard runs what handles one object. A panic is logged with what is needed to find its
// cause, and goes on: nobody may work with a copy that is half up to date, so the process
// shall die and be restarted.
func (l *Loop[T]) guard(key kube.Key, handle func()) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("panic while handling an object", "object", key.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			panic(p)
		}
	}()
	handle()
}

// reduce returns what is kept of an object, nil if it is not selected.
func (l *Loop[T]) reduce(object runtime.Object) *T {
	if reduced, selected := l.opts.Reduce(object); selected {
		return &reduced
	}
	return nil
}
