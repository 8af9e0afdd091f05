// Package conformance tries what a provider's client has to promise, since the syncer
// relies on it, whichever provider it is. A new provider starts from it: a client, an
// emulator of its API to run it over, and a Subject.
//
// # What every provider must promise
//
//   - A list is whole or an error; a search returns all objects in the scope of
//     the one that is looked for, whoever made them, and no others.
//   - An object is returned as the provider keeps it, in the form in which it is
//     compared: what was asked and what is read afterwards are equal.
//   - An update keeps the object's identity and whatever of it is not ours.
//   - What is gone already is deleted without error, and not found by an update.
//   - A failure keeps its status; one of a call that was not sent says so. No
//     call is repeated by the client itself.
//   - Calls may run at the same time.
//
// # What a CDN must promise besides
//
//   - A rule carries our owner label (model.OwnerLabel) where others do not put theirs
//     by chance. One that does not carry it, or any more, is neither changed nor
//     deleted: httpapi.ErrForeign. Only one that nobody labelled is taken over, and
//     only when asked to. (Subject.Disown)
//   - One that this process has labelled, whose label the provider has not kept
//     (model.Rule.Unkept), may be labelled again and deleted, as long as nobody else
//     has labelled it or made something else of it.
//   - What it cannot express is refused before anything is sent, with
//     httpapi.ErrUnsupported, and never half-published. (Subject.Beyond)
//
// # Where a CDN may differ
//
//   - What can be changed in place: all of a rule, or some of it
//     (Subject.Changed). What cannot is refused with httpapi.ErrUnsupported, and
//     can be made as another rule beside the old one. (Subject.Anew)
//   - How finely it publishes: host and path, or whole hosts.
//   - Whether rules have certificates, a host name of their own
//     (model.Rule.Published), and a time in which they are not served yet
//     (model.Rule.Pending).
package conformance

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
)

// Subject is a client of an account with nothing in it, and what to try there.
type Subject[T model.Object[T]] struct {
	Provider provider.Objects[T]
	// First and Second are wanted objects at two places, of one scope if a scope
	// has more than one place; Changed is what First may be updated to. Each is
	// kept by the provider as it is.
	First, Second, Changed T
	// Anew are wanted objects at First's place that First cannot be changed into.
	Anew []T
	// Beyond are objects at First's place that the provider cannot express.
	Beyond []T
	// Remove deletes an object behind the client's back.
	Remove func(id string)
	// Disown takes our owner label off an object behind the client's back; nil where
	// objects carry none.
	Disown func(id string)
	// Revoke makes the provider refuse the client's credentials; nil where there are none.
	Revoke func()
}

// Run checks a client. fresh returns a new account for each part.
func Run[T model.Object[T]](t *testing.T, fresh func(*testing.T) Subject[T]) {
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
		{"what is not ours any more stays as it is", foreign[T]},
		{"what nobody labelled is taken over when asked to", adopted[T]},
		{"what lost our label is labelled again, or deleted", unkept[T]},
		{"what cannot be changed in place is made beside it", anew[T]},
		{"what cannot be expressed is refused", beyond[T]},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, fresh(t)) })
	}
	for name, call := range calls[T]() {
		t.Run("refused credentials are an error of "+name, func(t *testing.T) { revoked(t, fresh(t), call) })
		t.Run("a context that has ended is an error of "+name, func(t *testing.T) { cancelled(t, fresh(t), call) })
	}
}

func empty[T model.Object[T]](t *testing.T, s Subject[T]) { s.wantStanding(t) }

func created[T model.Object[T]](t *testing.T, s Subject[T]) {
	first := s.create(t, s.First)
	s.wantStanding(t, first)
	second := s.create(t, s.Second)
	s.wantStanding(t, first, second)
	if first.Identity() == second.Identity() {
		t.Errorf("both are called %q", first.Identity())
	}
}

func updated[T model.Object[T]](t *testing.T, s Subject[T]) {
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

func unchanged[T model.Object[T]](t *testing.T, s Subject[T]) {
	first := s.create(t, s.First)
	kept, err := s.Provider.Update(t.Context(), first, s.First, false)
	if err != nil || kept.Identity() != first.Identity() || !kept.Equal(s.First) {
		t.Errorf("got %+v, %v", kept, err)
	}
	s.wantStanding(t, first)
}

func deleted[T model.Object[T]](t *testing.T, s Subject[T]) {
	first, second := s.create(t, s.First), s.create(t, s.Second)
	for range 2 {
		if err := s.Provider.Delete(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		s.wantStanding(t, second)
	}
}

func removed[T model.Object[T]](t *testing.T, s Subject[T]) {
	first, second := s.create(t, s.First), s.create(t, s.Second)
	s.Remove(first.Identity())
	if _, err := s.Provider.Update(t.Context(), first, s.Changed, false); !httpapi.IsNotFound(err) {
		t.Errorf("update: got %v, want one that is not found", err)
	}
	if err := s.Provider.Delete(t.Context(), first); err != nil {
		t.Errorf("delete: %v", err)
	}
	s.wantStanding(t, second)
}

func recreated[T model.Object[T]](t *testing.T, s Subject[T]) {
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

func concurrent[T model.Object[T]](t *testing.T, s Subject[T]) {
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

func foreign[T model.Object[T]](t *testing.T, s Subject[T]) {
	if s.Disown == nil {
		t.Skip("objects carry no owner label")
	}
	first := s.create(t, s.First)
	s.Disown(first.Identity())
	before := s.list(t)
	if _, err := s.Provider.Update(t.Context(), first, s.Changed, false); !errors.Is(err, httpapi.ErrForeign) {
		t.Errorf("update: got %v, want ErrForeign", err)
	}
	if err := s.Provider.Delete(t.Context(), first); !errors.Is(err, httpapi.ErrForeign) {
		t.Errorf("delete: got %v, want ErrForeign", err)
	}
	if len(before) != 1 || before[0].Equal(first) {
		t.Errorf("without its label it is %+v", before)
	}
	s.wantStanding(t, before...)
}

func adopted[T model.Object[T]](t *testing.T, s Subject[T]) {
	if s.Disown == nil {
		t.Skip("objects carry no owner label")
	}
	first := s.create(t, s.First)
	s.Disown(first.Identity())
	kept, err := s.Provider.Update(t.Context(), s.list(t)[0], s.Changed, true)
	if err != nil || kept.Identity() != first.Identity() || !kept.Equal(s.Changed) {
		t.Errorf("got %+v, %v", kept, err)
	}
	s.wantStanding(t, kept)
	if err := s.Provider.Delete(t.Context(), kept); err != nil {
		t.Errorf("it is not ours now: %v", err)
	}
}

func unkept[T model.Object[T]](t *testing.T, s Subject[T]) {
	if s.Disown == nil {
		t.Skip("objects carry no owner label")
	}
	lost := func(edit func(*model.Rule)) T {
		first := s.create(t, s.First)
		s.Disown(first.Identity())
		r := any(s.list(t)[0]).(model.Rule)
		r.Unkept = true
		edit(&r)
		return any(r).(T)
	}
	r := lost(func(*model.Rule) {})
	kept, err := s.Provider.Update(t.Context(), r, s.First, false)
	if err != nil || kept.Identity() != r.Identity() || !kept.Equal(s.First) {
		t.Errorf("got %+v, %v", kept, err)
	}
	s.wantStanding(t, kept)
	if err := s.Provider.Delete(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	if err := s.Provider.Delete(t.Context(), lost(func(*model.Rule) {})); err != nil {
		t.Error(err)
	}
	s.wantStanding(t)
	for name, edit := range map[string]func(*model.Rule){
		"it leads elsewhere":      func(r *model.Rule) { r.SourceHost = "other.example.com" },
		"it publishes other URLs": func(r *model.Rule) { r.Host = "other.example.com" },
		"nothing was lost":        func(r *model.Rule) { r.Unkept = false },
	} {
		r := lost(edit)
		before := s.list(t)
		if _, err := s.Provider.Update(t.Context(), r, s.First, false); !errors.Is(err, httpapi.ErrForeign) {
			t.Errorf("%s: update: got %v, want ErrForeign", name, err)
		}
		if err := s.Provider.Delete(t.Context(), r); !errors.Is(err, httpapi.ErrForeign) {
			t.Errorf("%s: delete: got %v, want ErrForeign", name, err)
		}
		s.wantStanding(t, before...)
		s.Remove(r.Identity())
	}
}

func anew[T model.Object[T]](t *testing.T, s Subject[T]) {
	if len(s.Anew) == 0 {
		t.Skip("all of an object can be changed")
	}
	first := s.create(t, s.First)
	standing := []T{first}
	for _, o := range s.Anew {
		if _, err := s.Provider.Update(t.Context(), first, o, false); !refused(err) {
			t.Errorf("update: got %v, want ErrUnsupported", err)
		}
		standing = append(standing, s.create(t, o))
		s.wantStanding(t, standing...)
	}
	if err := s.Provider.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	s.wantStanding(t, standing[1:]...)
}

func beyond[T model.Object[T]](t *testing.T, s Subject[T]) {
	if len(s.Beyond) == 0 {
		t.Skip("there is no such object")
	}
	first := s.create(t, s.First)
	for _, o := range s.Beyond {
		if _, err := s.Provider.Create(t.Context(), o); !refused(err) {
			t.Errorf("creating %+v: got %v, want ErrUnsupported", o, err)
		}
		if _, err := s.Provider.Update(t.Context(), first, o, false); !refused(err) {
			t.Errorf("update to %+v: got %v, want ErrUnsupported", o, err)
		}
	}
	s.wantStanding(t, first)
}

// refused reports whether an error says that the provider cannot do that, that
// nothing was changed, and that trying again is no use.
func refused(err error) bool {
	return errors.Is(err, httpapi.ErrUnsupported) && httpapi.NotSent(err) && httpapi.Permanent(err)
}

// call makes one call about first, which stands.
type call[T model.Object[T]] func(ctx context.Context, s Subject[T], first T) error

func calls[T model.Object[T]]() map[string]call[T] {
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

func revoked[T model.Object[T]](t *testing.T, s Subject[T], call call[T]) {
	if s.Revoke == nil {
		t.Skip("there are no credentials")
	}
	first := s.create(t, s.First)
	s.Revoke()
	err := call(t.Context(), s, first)
	var refusal *httpapi.Error
	if !errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized {
		t.Errorf("got %v, want a 401", err)
	}
}

func cancelled[T model.Object[T]](t *testing.T, s Subject[T], call call[T]) {
	first := s.create(t, s.First)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := call(ended, s, first); !errors.Is(err, context.Canceled) || !httpapi.NotSent(err) {
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

// list returns all that stands.
func (s Subject[T]) list(t *testing.T) []T {
	t.Helper()
	listed, err := s.Provider.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return listed
}

// wantStanding checks that a list shows these objects and no others, and a
// search those in First's scope.
func (s Subject[T]) wantStanding(t *testing.T, want ...T) {
	t.Helper()
	if diff := cmp.Diff(byIdentity(want), byIdentity(s.list(t))); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	found, err := s.Provider.Find(t.Context(), s.First)
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(slices.Clone(want), func(o T) bool { return o.Scope() != s.First.Scope() })
	if diff := cmp.Diff(byIdentity(want), byIdentity(found)); diff != "" {
		t.Errorf("search (-want +got):\n%s", diff)
	}
}

func byIdentity[T model.Object[T]](list []T) []T {
	list = append([]T{}, list...)
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(a.Identity(), b.Identity()) })
	return list
}
