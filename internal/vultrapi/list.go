package vultrapi

import (
	"errors"
	"fmt"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
)

// maxBarren is how many pages in a row may bring nothing new, of a list that goes on.
const maxBarren = 10

// A Page reads the page of a list at a cursor, the first at "".
type Page[T any] func(api *govultr.Client, cursor string) ([]T, *govultr.Meta, error)

// List reads all pages of a list. It fails rather than return a part: with fewer items
// than the list's total, or an item without the id that id returns. An item that stands
// on two pages is returned once. How many there are is bounded by memory alone. what says
// what it is for, as "listing the records".
//
// A next page that was read already ends the list if it is whole: where an API does not
// declare its cursor it may ignore it, too.
func List[T any](api *API, what string, page Page[T], id func(T) string) ([]T, error) {
	return list(api, what, page, id, httpapi.MaxObjects)
}

// list is List of so many items at most.
func list[T any](api *API, what string, page Page[T], id func(T) string, most int) ([]T, error) {
	var all []T
	seen := make(map[string]bool)
	cursors := make(map[string]bool)
	cursor, barren := "", 0
	for {
		var items []T
		var meta *govultr.Meta
		err := api.Call(what, func(client *govultr.Client) (err error) {
			items, meta, err = page(client, cursor)
			if err == nil && (meta == nil || meta.Links == nil) {
				err = errors.New("the reply has no meta.links")
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		barren++
		for _, item := range items {
			switch id := id(item); {
			case id == "":
				return nil, fmt.Errorf("%s: one has no id", what)
			case !seen[id]:
				seen[id], barren = true, 0
				all = append(all, item)
			}
		}
		cursor = meta.Links.Next
		switch again := cursors[cursor]; {
		case cursor == "" && len(all) < meta.Total:
			return nil, fmt.Errorf("%s: got %d of %d", what, len(all), meta.Total)
		case again && len(all) < meta.Total:
			return nil, fmt.Errorf("%s: the pages go round in a circle; got %d of %d", what, len(all), meta.Total)
		case cursor == "" || again:
			return all, nil
		case len(all) > most:
			return nil, fmt.Errorf("%s: no end after %d, more than edgeward keeps in memory", what, len(all))
		case barren == maxBarren:
			return nil, fmt.Errorf("%s: the list goes on, but the last %d pages brought nothing new; got %d of %d", what, barren, len(all), meta.Total)
		}
		cursors[cursor] = true
	}
}
