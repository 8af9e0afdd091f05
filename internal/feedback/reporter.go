package feedback

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/edgeward/edgeward/watcher"
)

const (
	// perSecond is how many things are written a second, after burst at once.
	// A status is two calls, an Event one.
	perSecond = 10
	burst     = 20
	// callTimeout bounds the calls for one thing.
	callTimeout = 10 * time.Second
	// When the API server does not answer, nothing is tried for firstPause,
	// then twice as long each time, up to maxPause.
	firstPause = time.Second
	maxPause   = 2 * time.Minute
	// idle is how long to wait when nothing is left to do.
	idle = time.Hour
	// manyRewrites in a row are told of: another controller wants the status.
	manyRewrites = 5
)

// Options configure a Reporter.
type Options struct {
	Namespaces []string // that Ingresses are watched in; none: all
	// Status says that there may be something to show in a status, so that a missing right is worth a line.
	Status bool
	// Connect returns a client for what the kubeconfig holds now, the same one
	// as long as that has not changed.
	Connect func() (API, error)
	DryRun  bool // write nothing, log what would be written
	Log     *slog.Logger
}

// Reporter writes feedback to one cluster. Update may be called while Run runs.
type Reporter struct {
	opts    Options
	log     *slog.Logger
	limiter *rate.Limiter
	changed chan struct{} // holds one element after an Update

	mu   sync.Mutex
	book *book
	uid  string // of the cluster's namespace kube-system; "" before the first Update

	// Run's own.
	client API           // leads to the cluster uid
	asked  bool          // for the rights
	outage *wait.Backoff // nil while the API server answers
}

// NewReporter returns a Reporter that does nothing before Run.
func NewReporter(o Options) *Reporter {
	return &Reporter{
		opts: o, log: o.Log, limiter: rate.NewLimiter(perSecond, burst),
		changed: make(chan struct{}, 1), book: newBook(),
	}
}

// Update takes the outcomes of all Ingresses of the cluster, whose namespace
// kube-system has the given UID. What the first call says is taken for known:
// see book.update.
func (r *Reporter) Update(uid string, outcomes iter.Seq[Outcome]) {
	r.mu.Lock()
	r.uid = uid
	r.book.update(outcomes, time.Now())
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Run writes until ctx is done.
func (r *Reporter) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := r.turn(ctx, false)
		if wait == 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-r.changedUnlessPaused():
		}
		timer.Stop()
	}
}

// Flush writes what is left, without waiting whether it lasts, until all is
// written or ctx is done. Run must have ended.
func (r *Reporter) Flush(ctx context.Context) {
	begun, told := time.Now(), false
	for {
		if !told && time.Since(begun) >= time.Second {
			told = true
			r.log.Info("telling the cluster what became of its Ingresses before the end")
		}
		wait := r.turn(ctx, true)
		switch {
		case ctx.Err() != nil:
			r.log.Warn("not all of what became of the Ingresses could be told to the cluster in time")
			return
		case wait == idle:
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// changedUnlessPaused is told of updates, unless the API server does not answer:
// then news are no reason to try earlier.
func (r *Reporter) changedUnlessPaused() <-chan struct{} {
	if r.outage != nil {
		return nil
	}
	return r.changed
}

// turn does one thing, if one is due, and returns how long to wait before the
// next turn.
func (r *Reporter) turn(ctx context.Context, haste bool) (wait time.Duration) {
	r.mu.Lock()
	uid := r.uid
	r.mu.Unlock()
	if uid == "" {
		return idle
	}
	if err := r.ready(ctx, uid); err != nil {
		return r.failed(ctx, err)
	}
	r.mu.Lock()
	j, wake, ok := r.book.next(time.Now(), haste)
	r.mu.Unlock()
	if !ok {
		r.worksAgain()
		if wake.IsZero() {
			return idle
		}
		return max(time.Until(wake), time.Nanosecond)
	}
	if r.limiter.Wait(ctx) != nil {
		return 0 // ctx is done, or will be before it is our turn
	}
	wrote, err := r.do(ctx, j)
	return r.ended(ctx, j, wrote, err)
}

// do carries out one job. It is the only place from which feedback leaves the
// daemon, so it is here that a dry run stops.
func (r *Reporter) do(ctx context.Context, j job) (wrote bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	about := []any{"ingress", j.outcome.Ingress.String()}
	if j.kind == events {
		about = append(about, "reason", j.message.Reason, "text", j.message.Text)
		if r.opts.DryRun {
			r.log.Info("dry run: would record an Event", about...)
			return false, nil
		}
		r.log.Debug("recording an Event", about...)
		return true, record(ctx, r.client, newEvent(j.outcome, j.message, time.Now()), j.repeated)
	}
	about = append(about, "hostname", j.outcome.hostnames())
	wrote, err = writeStatus(ctx, r.client, j.outcome, r.opts.DryRun)
	switch {
	case wrote && r.opts.DryRun:
		r.log.Info("dry run: would write the Ingress's status", about...)
		return false, nil
	case wrote:
		r.log.Info("wrote the Ingress's status", about...)
	}
	return wrote, err
}

// ended takes the outcome of a job. Nothing that was refused is tried twice.
func (r *Reporter) ended(ctx context.Context, j job, wrote bool, err error) (wait time.Duration) {
	switch {
	case apierrors.IsConflict(err):
		r.mu.Lock()
		r.book.later(j, time.Now())
		r.mu.Unlock()
		return 0
	case err != nil && !refused(err):
		return r.failed(ctx, err)
	case apierrors.IsForbidden(err):
		r.asked = false // the right may have been taken away
	}
	if err != nil && !apierrors.IsNotFound(err) {
		r.log.Warn("the cluster cannot be told what became of an Ingress: "+err.Error(), "ingress", j.outcome.Ingress.String())
	}
	r.mu.Lock()
	rewrites := r.book.done(j, wrote, time.Now())
	r.mu.Unlock()
	if wrote && rewrites == manyRewrites {
		r.log.Warn("the Ingress's status has to be put right again and again, which is done less and less often: "+
			"does another controller serve its class?", "ingress", j.outcome.Ingress.String())
	}
	r.worksAgain()
	return 0
}

// refused reports whether the API server understood the call and will not do
// it, whenever it is tried.
func refused(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	switch code := status.Status().Code; code {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return code >= 400 && code < 500
	}
}

// failed tells of the first of several failures in a row, and says how long to
// wait.
func (r *Reporter) failed(ctx context.Context, err error) (pause time.Duration) {
	if ctx.Err() != nil {
		return 0
	}
	began := r.outage == nil
	if began {
		r.outage = &wait.Backoff{Duration: firstPause, Factor: 2, Steps: math.MaxInt, Cap: maxPause}
	}
	pause = r.outage.Step()
	if began {
		r.log.Warn("the cluster cannot be told what became of its Ingresses now; it is tried again: "+err.Error(), "retry_in", pause)
	}
	return pause
}

func (r *Reporter) worksAgain() {
	if r.outage != nil {
		r.log.Info("the cluster can be told again what became of its Ingresses")
	}
	r.outage = nil
}

// ready makes sure that there is a client that leads to the right cluster, and
// that it is known what it may do.
func (r *Reporter) ready(ctx context.Context, uid string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	client, err := r.opts.Connect()
	if err != nil {
		return err
	}
	if client != r.client {
		system, err := client.Namespace(ctx, metav1.NamespaceSystem)
		if err != nil {
			return fmt.Errorf("namespace %s: %w", metav1.NamespaceSystem, err)
		}
		if is := string(system.UID); is != uid {
			return &watcher.ForeignClusterError{Was: uid, Is: is}
		}
		r.client, r.asked = client, false
	}
	if r.asked {
		return nil
	}
	for k, right := range Rights() {
		granted, err := right.Granted(ctx, client, r.opts.Namespaces)
		if err != nil {
			return err
		}
		r.allow(kind(k), right, granted)
	}
	r.asked = true
	return nil
}

// allow takes note of what may be written, and says once what may not.
func (r *Reporter) allow(k kind, right Right, granted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !granted && !r.book.muted[k] && (k != status || r.opts.Status) {
		r.log.Info(right.What + " are left out: not allowed to " + right.String() +
			"; the ClusterRole edgeward-feedback of deploy/rbac.yaml allows it")
	}
	r.book.muted[k] = !granted
}
