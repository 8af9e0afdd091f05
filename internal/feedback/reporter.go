package feedback

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
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

	mu    sync.Mutex
	queue *queue
	uid   string // of the cluster's namespace kube-system; "" before the first Update

	// Run's own.
	client API           // leads to the cluster uid
	asked  bool          // for the rights
	pause  *wait.Backoff // while the API server does not answer; nil: it does
}

// NewReporter returns a Reporter that does nothing before Run.
func NewReporter(o Options) *Reporter {
	return &Reporter{
		opts: o, log: o.Log, limiter: rate.NewLimiter(perSecond, burst),
		changed: make(chan struct{}, 1), queue: newQueue(),
	}
}

// Update takes the reports of all Ingresses of the cluster, whose namespace
// kube-system has the given UID. What the first call says is taken for known:
// see queue.update.
func (r *Reporter) Update(uid string, reports iter.Seq[Report]) {
	r.mu.Lock()
	r.uid = uid
	r.queue.update(reports, time.Now())
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Run writes until ctx is done.
func (r *Reporter) Run(ctx context.Context) {
	for ctx.Err() == nil {
		rest := r.turn(ctx, inTime)
		if rest == 0 {
			continue
		}
		changed := r.changed
		if r.pause != nil {
			changed = nil // news are no reason to try earlier
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-changed:
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
		rest := r.turn(ctx, atOnce)
		switch {
		case ctx.Err() != nil:
			r.log.Warn("not all of what became of the Ingresses could be told to the cluster in time")
			return
		case rest == idle:
			return
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// turn does one thing, if one is due, and returns how long to rest before the next turn.
func (r *Reporter) turn(ctx context.Context, h haste) (rest time.Duration) {
	r.mu.Lock()
	uid := r.uid
	r.mu.Unlock()
	if uid == "" {
		return idle
	}
	if err := r.connect(ctx, uid); err != nil {
		return r.failed(ctx, err)
	}
	r.mu.Lock()
	j, wake, ok := r.queue.next(time.Now(), h)
	r.mu.Unlock()
	if !ok {
		r.recovered()
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

// do carries out one job, and reports whether it wrote a status. It is the only place from
// which feedback leaves the daemon, so it is here that a dry run stops.
func (r *Reporter) do(ctx context.Context, j job) (wrote bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	about := []any{"ingress", j.report.Ingress.String()}
	if j.kind == events {
		about = append(about, "reason", j.message.Reason, "text", j.message.Text)
		if r.opts.DryRun {
			r.log.Info("dry run: would record an Event", about...)
			return false, nil
		}
		r.log.Debug("recording an Event", about...)
		return false, record(ctx, r.client, j, time.Now())
	}
	about = append(about, "hostname", j.report.hostnames())
	change, err := findChange(ctx, r.client, j.report)
	if err != nil || change == nil {
		return false, err
	}
	if r.opts.DryRun {
		r.log.Info("dry run: would write the Ingress's status", about...)
		return false, nil
	}
	if err := change.write(ctx, r.client); err != nil {
		return false, err
	}
	r.log.Info("wrote the Ingress's status", about...)
	return true, nil
}

// ended takes the end of a job. Nothing that was refused is tried twice.
func (r *Reporter) ended(ctx context.Context, j job, wrote bool, err error) (rest time.Duration) {
	switch {
	case apierrors.IsConflict(err):
		r.mu.Lock()
		r.queue.later(j, time.Now())
		r.mu.Unlock()
		return 0
	case err != nil && !refused(err):
		return r.failed(ctx, err)
	case apierrors.IsForbidden(err):
		r.asked = false // the right may have been taken away
	}
	if err != nil && !apierrors.IsNotFound(err) {
		r.log.Warn("the cluster cannot be told what became of an Ingress: "+err.Error(), "ingress", j.report.Ingress.String())
	}
	rewrites := 0
	r.mu.Lock()
	r.queue.done(j)
	if wrote {
		rewrites = r.queue.wrote(j, time.Now())
	}
	r.mu.Unlock()
	if rewrites == manyRewrites {
		r.log.Warn("the Ingress's status has to be put right again and again, which is done less and less often: "+
			"does another controller serve its class?", "ingress", j.report.Ingress.String())
	}
	r.recovered()
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

// failed tells of the first of several failures in a row, and returns how long to rest.
func (r *Reporter) failed(ctx context.Context, err error) (rest time.Duration) {
	if ctx.Err() != nil {
		return 0
	}
	first := r.pause == nil
	if first {
		r.pause = new(doubling(firstPause, maxPause))
	}
	rest = r.pause.Step()
	if first {
		r.log.Warn("the cluster cannot be told what became of its Ingresses now; it is tried again: "+err.Error(), "retry_in", rest)
	}
	return rest
}

// recovered takes note that the API server answers.
func (r *Reporter) recovered() {
	if r.pause != nil {
		r.log.Info("the cluster can be told again what became of its Ingresses")
	}
	r.pause = nil
}

// connect makes sure that there is a client that leads to the right cluster, and
// that it is known what it may do.
func (r *Reporter) connect(ctx context.Context, uid string) error {
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
	var without muted
	for k, right := range Rights() {
		granted, err := right.Granted(ctx, client, r.opts.Namespaces)
		if err != nil {
			return err
		}
		without[k] = !granted
	}
	r.allow(without)
	r.asked = true
	return nil
}

// allow takes note of what may not be written, and says it once.
func (r *Reporter) allow(without muted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, right := range Rights() {
		if without[k] && !r.queue.muted[k] && (kind(k) != status || r.opts.Status) {
			r.log.Info(right.What + " are left out: not allowed to " + right.String() +
				"; the ClusterRole edgeward-feedback of deploy/rbac.yaml allows it")
		}
	}
	r.queue.allow(without)
}
