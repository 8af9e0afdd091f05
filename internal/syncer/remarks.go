package syncer

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// remarks logs what lasts: each thing once for as long as every plan finds it.
type remarks struct {
	log *slog.Logger
	// before and now are what the last plan found and what this one does.
	before, now map[any]bool
}

// remark is the key of a remark whose text and attributes tell it from others.
type remark struct {
	level       slog.Level
	text, attrs string
}

// lossKey is the key of a loss that is held back. Its numbers change while it lasts.
type lossKey struct {
	provider     model.Provider
	cluster, set string
}

// furtherProblems and furtherWarnings are the keys of how many there are beyond linesEach.
type (
	furtherProblems model.IngressID
	furtherWarnings model.IngressID
)

// begin starts anew: what no plan finds any more is forgotten, and logged when it is back.
func (r *remarks) begin() { r.before, r.now = r.now, make(map[any]bool) }

// say logs a message unless the plan before gave reason for the same.
func (r *remarks) say(level slog.Level, text string, attrs ...any) {
	r.sayAs(remark{level, text, fmt.Sprintf("%q", attrs)}, level, text, attrs...)
}

// sayAs is say for a message with another key.
func (r *remarks) sayAs(key any, level slog.Level, text string, attrs ...any) {
	if !r.before[key] && !r.now[key] {
		r.log.Log(context.Background(), level, text, attrs...)
	}
	r.now[key] = true
}

// linesEach is how many lines the log gives to the problems of an Ingress, and as many to
// its warnings: one may have thousands of paths, each with a fault of its own.
const linesEach = 10

// tell logs what users and operators should know.
func (s *Syncer) tell() {
	s.remarks.begin()
	for _, in := range outcome.Troubled(s.want, s.step) {
		s.remarks.tellProblems(in)
		s.remarks.tellWarnings(in)
	}
	for _, r := range s.step.Routes {
		// Told for the set, not for each of the many rules that wait for it.
		if lacks := s.want.Sets[r.Set].Lacks; r.Reason != "" && r.Reason == lacks {
			s.remarks.say(slog.LevelWarn, "not published: "+lacks, "cluster", r.Ingress.Cluster, "name", r.Set)
		}
	}
	for _, b := range s.step.Blocked {
		s.remarks.sayAs(lossKey{b.Provider, b.Cluster, b.Set}, slog.LevelError, b.String())
	}
	for _, n := range s.step.Notices {
		s.remarks.tellNotice(n)
	}
	for name, stale := range s.step.Stale {
		s.remarks.say(slog.LevelError, stale.Lacks+"; its last known addresses stay in DNS", "cluster", stale.Cluster, "name", name)
	}
}

func (r *remarks) tellProblems(in *outcome.Ingress) {
	problems := in.Findings()
	for _, p := range problems[:min(len(problems), linesEach)] {
		attrs := []any{"ingress", in.ID.String(), "state", string(p.State)}
		if len(p.Routes) > 0 {
			attrs = append(attrs, "rules", few(p.Routes))
		}
		r.say(slog.LevelWarn, "not published: "+p.Reason, attrs...)
	}
	if more := len(problems) - linesEach; more > 0 {
		r.sayAs(furtherProblems(in.ID), slog.LevelWarn, "not published for further reasons, which the status page shows", "ingress", in.ID.String(), "reasons", more)
	}
}

func (r *remarks) tellWarnings(in *outcome.Ingress) {
	for _, w := range in.Warnings[:min(len(in.Warnings), linesEach)] {
		r.say(slog.LevelWarn, w, "ingress", in.ID.String())
	}
	if more := len(in.Warnings) - linesEach; more > 0 {
		r.sayAs(furtherWarnings(in.ID), slog.LevelWarn, "there are further warnings, which the status page shows", "ingress", in.ID.String(), "warnings", more)
	}
}

func (r *remarks) tellNotice(n model.Notice) {
	level := slog.LevelWarn
	if n.Fatal {
		level = slog.LevelError
	}
	if n.About != "" {
		r.sayAs(n.About, level, n.Text)
		return
	}
	r.say(level, n.Text)
}
