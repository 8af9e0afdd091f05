// Package providertest is the conformance suite of a provider's client: what
// the syncer relies on, whichever provider it is.
package providertest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/transport"
)

// Provider is the interface of the same name that the syncer declares.
type Provider[T any] interface {
	List(context.Context) ([]T, error)
	Find(context.Context, T) ([]T, error)
	Create(context.Context, T) (T, error)
	Update(ctx context.Context, old, new T, adopt bool) (T, error)
	Delete(context.Context, T) error
}

// Subject is a client of an account with nothing in it, and what to try there.
type Subject[T plan.Object[T]] struct {
	Provider Provider[T]
	// First and Second are wanted objects at two places of one scope; Changed is
	// what First may be updated to. Each is kept by the provider as it is.
	First, Second, Changed T
	// Remove deletes an object behind the client's back.
	Remove func(id string)
	// Revoke makes the provider refuse the client's credentials.
	Revoke func()
}

// Run checks a client. fresh returns a new account for each part.
func Run[T plan.Object[T]](t *testing.T, fresh func(*testing.T) Subject[T]) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, Subject[T])
	}{
		{"an empty account has nothing", empty[T]},
		{"what was created stands", created[T]},
		{"an update keeps the identity and the others", updated[T]},
		{"an update to what stands already succeeds", unchanged[T]},
		{"what was deleted is gone, and may be deleted again", deleted[T]},
		{"what somebody removed is not found by an update, and deleted", removed[T]},
		{"what was deleted can be created anew", recreated[T]},
		{"calls at the same time do not mix", concurrent[T]},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, fresh(t)) })
	}
	for name, call := range calls[T]() {
		t.Run("refused credentials are an error of "+name, func(t *testing.T) { revoked(t, fresh(t), call) })
		t.Run("a context that has ended is an error of "+name, func(t *testing.T) { cancelled(t, fresh(t), call) })
	}
}

func empty[T plan.Object[T]](t *testing.T, s Subject[T]) { s.wantStanding(t) }

func created[T plan.Object[T]](t *testing.T, s Subject[T]) {
	first := s.create(t, s.First)
	s.wantStanding(t, first)
	second := s.create(t, s.Second)
	s.wantStanding(t, first, second)
	if first.Identity() == second.Identity() {
		t.Errorf("both are called %q", first.Identity())
	}
}

func updated[T plan.Object[T]](t *testing.T, s Subject[T]) {
	first, second := s.create(t, s.First), s.create(t, s.Second)
	kept, err := s.Provider.Update(t.Context(), first, s.Changed, false)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Identity() != first.Identity() || !kept.Equal(s.Changed) {
		t.Errorf("kept (-want +got):\n%s", cmp.Diff(s.Changed, kept))
	}
	s.wantStanding(t, kept, second)
}

func unchanged[T plan.Object[T]](t *testing.T, s Subject[T]) {
	first := s.create(t, s.First)
	kept, err := s.Provider.Update(t.Context(), first, s.First, false)
	if err != nil || kept.Identity() != first.Identity() || !kept.Equal(s.First) {
		t.Errorf("got %+v, %v", kept, err)
	}
	s.wantStanding(t, first)
}

func deleted[T plan.Object[T]](t *testing.T, s Subject[T]) {
	first, second := s.create(t, s.First), s.create(t, s.Second)
	for range 2 {
		if err := s.Provider.Delete(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		s.wantStanding(t, second)
	}
}

func removed[T plan.Object[T]](t *testing.T, s Subject[T]) {
	first, second := s.create(t, s.First), s.create(t, s.Second)
	s.Remove(first.Identity())
	if _, err := s.Provider.Update(t.Context(), first, s.Changed, false); !transport.IsNotFound(err) {
		t.Errorf("update: got %v, want one that is not found", err)
	}
	if err := s.Provider.Delete(t.Context(), first); err != nil {
		t.Errorf("delete: %v", err)
	}
	s.wantStanding(t, second)
}

func recreated[T plan.Object[T]](t *testing.T, s Subject[T]) {
	first := s.create(t, s.First)
	if err := s.Provider.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	again := s.create(t, s.First)
	if again.Identity() == first.Identity() {
		t.Error("it has its old identity")
	}
	s.wantStanding(t, again)
}

func concurrent[T plan.Object[T]](t *testing.T, s Subject[T]) {
	made := make(chan T)
	for _, o := range []T{s.First, s.Second} {
		go func() {
			got, err := s.Provider.Create(t.Context(), o)
			if err != nil || !got.Equal(o) {
				t.Errorf("got %+v, %v", got, err)
			}
			made <- got
		}()
	}
	s.wantStanding(t, <-made, <-made)
}

// call makes one call about first, which stands.
type call[T plan.Object[T]] func(ctx context.Context, s Subject[T], first T) error

func calls[T plan.Object[T]]() map[string]call[T] {
	return map[string]call[T]{
		"list": func(ctx context.Context, s Subject[T], _ T) error {
			_, err := s.Provider.List(ctx)
			return err
		},
		"find": func(ctx context.Context, s Subject[T], first T) error {
			_, err := s.Provider.Find(ctx, first)
			return err
		},
		"create": func(ctx context.Context, s Subject[T], _ T) error {
			_, err := s.Provider.Create(ctx, s.Second)
			return err
		},
		"update": func(ctx context.Context, s Subject[T], first T) error {
			_, err := s.Provider.Update(ctx, first, s.Changed, false)
			return err
		},
		"delete": func(ctx context.Context, s Subject[T], first T) error { return s.Provider.Delete(ctx, first) },
	}
}

func revoked[T plan.Object[T]](t *testing.T, s Subject[T], call call[T]) {
	first := s.create(t, s.First)
	s.Revoke()
	err := call(t.Context(), s, first)
	var refusal *transport.Error
	if !errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized {
		t.Errorf("got %v, want a 401", err)
	}
}

func cancelled[T plan.Object[T]](t *testing.T, s Subject[T], call call[T]) {
	first := s.create(t, s.First)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := call(ended, s, first); !errors.Is(err, context.Canceled) || !transport.NotSent(err) {
		t.Errorf("got %v, want one that says it was not sent", err)
	}
	s.wantStanding(t, first)
}

// create makes an object and checks that it is as it was asked.
func (s Subject[T]) create(t *testing.T, o T) T {
	t.Helper()
	made, err := s.Provider.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if made.Identity() == "" || !made.Equal(o) {
		t.Fatalf("created (-want +got):\n%s", cmp.Diff(o, made))
	}
	return made
}

// wantStanding checks that a list and a search show these objects and no others.
func (s Subject[T]) wantStanding(t *testing.T, want ...T) {
	t.Helper()
	listed, err := s.Provider.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Provider.Find(t.Context(), s.First)
	if err != nil {
		t.Fatal(err)
	}
	for way, got := range map[string][]T{"list": listed, "search": found} {
		if diff := cmp.Diff(byIdentity(want), byIdentity(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", way, diff)
		}
	}
}

func byIdentity[T plan.Object[T]](list []T) []T {
	list = append([]T{}, list...)
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(a.Identity(), b.Identity()) })
	return list
}
