package target

import (
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// recurrence is how many lists in a row have to find a place changed before somebody
// is taken to work against us.
const recurrence = 3

// noteDrift remembers which places a list found changed, or empty, without our doing.
func (t *Target[T]) noteDrift(p *part[T], differ []model.Place) {
	for id := range t.cache.missing {
		if o, _ := t.cache.objects.Get(id); p.covers(*o) {
			differ = append(differ, (*o).Key())
		}
	}
	for _, place := range differ {
		if attempt, ok := t.attempts.at[place]; !ok || attempt.Status == observed.BackingOff {
			p.drifted[place] = true
		}
	}
}

// noteRepair takes note that a write has brought a place back to what is wanted.
func (t *Target[T]) noteRepair(place model.Place) {
	for _, p := range t.parts {
		if p.drifted[place] {
			delete(p.drifted, place)
			t.OnRepair()
		}
	}
}

// noteRecurrence tells, once, of places that are changed back again and again.
func (t *Target[T]) noteRecurrence(p *part[T]) {
	maps.DeleteFunc(p.recurred, func(place model.Place, _ int) bool { return !p.drifted[place] })
	var fought []model.Place
	for place := range p.drifted {
		if p.recurred[place]++; p.recurred[place] == recurrence {
			fought = append(fought, place)
		}
	}
	if len(fought) > 0 {
		slices.SortFunc(fought, model.Place.Compare)
		t.Log.Error("what is repaired here is changed back each time: does another edgeward run with this owner and cluster name, or a script?",
			"places", len(fought), "first", fought[0].String())
	}
}
