package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/printable"
)

// WriteJSON writes the report for scripts.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(printable.JSON(w))
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// signs are what a line begins with, as in a diff.
var signs = map[string]string{"create": "+", "update": "~", "delete": "-"}

// WriteText writes the report for people: what is added (+), changed (~, with
// before and after) and removed (-), by Ingress, and what is not published.
func (r Report) WriteText(w io.Writer) error {
	p := &printer{w: w}
	group := ""
	count := make(map[string]int)
	for _, e := range r.Changes {
		count[e.Action]++
		if e.Group != group {
			group = e.Group
			p.line("%s", group)
		}
		p.line("  %s %s", signs[e.Action], e.Object)
		p.line("      # %s%s", e.Why, delay(e.WaitSeconds))
		switch e.Action {
		case "create":
			for _, f := range e.After {
				p.line("      %s: %s", f.Name, f.Value)
			}
		case "update":
			p.difference(e)
		}
	}
	if len(r.Obstacles) > 0 {
		p.line("Not published")
		for _, o := range r.Obstacles {
			what := o.Ingress
			if o.Rule != "" {
				what += ", " + o.Rule
			}
			p.line("  ! %s: %s (%s)", what, o.Reason, o.State)
		}
	}
	if len(r.Warnings) > 0 {
		p.line("Warnings")
		for _, text := range r.Warnings {
			p.line("  ! %s", text)
		}
	}
	if len(r.Changes) == 0 {
		p.line("Nothing to change.")
	} else {
		p.line("To add: %d, to change: %d, to remove: %d.", count["create"], count["update"], count["delete"])
	}
	return p.err
}

// printer prints lines, whatever is in them, and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, a ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, printable.Text(fmt.Sprintf(format, a...)))
	}
}

// difference prints the fields that a change alters.
func (p *printer) difference(e Entry) {
	value := func(list []Field, name string) string {
		if i := slices.IndexFunc(list, func(f Field) bool { return f.Name == name }); i >= 0 {
			return list[i].Value
		}
		return "(none)"
	}
	var names []string
	for _, f := range slices.Concat(e.Before, e.After) {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	for _, name := range names {
		if before, after := value(e.Before, name), value(e.After, name); before != after {
			p.line("      %s: %s -> %s", name, before, after)
		}
	}
}

func delay(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return fmt.Sprintf(", after %s", time.Duration(seconds*float64(time.Second)).Round(time.Second))
}
