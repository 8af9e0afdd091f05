package watcher

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/edgeward/edgeward/internal/kube"
)

// pageSize bounds the decoded objects in memory at a time; of each only a few
// fields are kept.
const pageSize = 100

// snapshot replaces the copy by a complete list, dispatches the differences and returns
// the list's version. On an error the copy stays as it was.
func (l *Loop[T]) snapshot(ctx context.Context) (string, error) {
	select {
	case <-l.renew: // this one will do
	default:
	}
	began, fresh := time.Now(), make(map[kube.Key]T)
	version, err := l.listAll(ctx, fresh)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	old := l.kept
	l.kept, l.err = fresh, nil
	l.mu.Unlock()

	diffs := differences(old, fresh)
	for _, d := range diffs {
		l.guard(d.key, func() {
			for _, c := range d.changes {
				c.dispatch(l.opts.Handler)
				l.opts.Metrics.event(l.opts.Resource, c.eventType())
			}
		})
	}
	l.finishSnapshot()
	l.opts.Listed(began)
	l.log.Info("snapshot taken", "objects", len(fresh), "differences", len(diffs))
	l.setAccess(Readable)
	return version, nil
}

// finishSnapshot marks the copy as complete, and says so the first time.
func (l *Loop[T]) finishSnapshot() {
	l.mu.Lock()
	first := !l.synced
	l.synced = true
	l.mu.Unlock()
	if first {
		l.opts.Synced()
	}
}

// listAll reads all pages of a list into the map and returns its version. The
// version asked for is always "": a consistent read, never one from a server's
// cache, which may be too old to conclude a deletion from.
//
// A continue token that has expired (410) is an error like others: the next
// snapshot begins at the first page again. The server would offer to go on at a
// newer version, which would be a list that never was.
func (l *Loop[T]) listAll(ctx context.Context, into map[kube.Key]T) (string, error) {
	opts := metav1.ListOptions{Limit: pageSize}
	for version := ""; ; {
		list, err := l.page(ctx, opts)
		if err != nil {
			return "", fmt.Errorf("list: %w", err)
		}
		head, err := meta.ListAccessor(list)
		if err != nil {
			return "", fmt.Errorf("list: %w", err)
		}
		if version == "" {
			version = head.GetResourceVersion()
		}
		if version == "" { // an answer of another kind decodes to an empty list
			return "", errors.New("list: the answer is not a list of objects: it has no resourceVersion")
		}
		if err := l.collect(list, into); err != nil {
			return "", fmt.Errorf("list: %w", err)
		}
		if opts.Continue = head.GetContinue(); opts.Continue == "" {
			return version, nil
		}
	}
}

// detectRollback returns a rollbackError if the API server has not come as far as a
// version. It would accept a watch from one that is yet to come, and be silent, as it is
// after etcd was restored from a backup. The least list there is tells, as it is a
// consistent read; versions are decimal numbers that grow.
func (l *Loop[T]) detectRollback(ctx context.Context, version string) error {
	list, err := l.page(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	head, err := meta.ListAccessor(list)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	now := head.GetResourceVersion()
	if order, err := resourceversion.CompareResourceVersion(now, version); err == nil && order < 0 {
		return &rollbackError{was: version, is: now}
	}
	return nil // where they are no numbers, nothing can be told
}

// page reads one page within the time a call may take.
func (l *Loop[T]) page(parent context.Context, opts metav1.ListOptions) (runtime.Object, error) {
	ctx, cancel := context.WithTimeoutCause(parent, l.opts.Timings.Call, errSilent)
	defer cancel()
	list, err := l.opts.List(ctx, opts)
	if err != nil {
		return nil, because(ctx, err)
	}
	return list, nil
}

// collect reduces the objects of a page.
func (l *Loop[T]) collect(list runtime.Object, into map[kube.Key]T) error {
	return meta.EachListItem(list, func(item runtime.Object) error {
		object, err := meta.Accessor(item)
		if err != nil {
			return err
		}
		key := kube.Key{Namespace: object.GetNamespace(), Name: object.GetName()}
		l.guard(key, func() {
			if reduced := l.reduce(item); reduced != nil {
				into[key] = *reduced
			}
		})
		return nil
	})
}
