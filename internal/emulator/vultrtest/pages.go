package vultrtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator"
)

// Items on a page of a list, by default and at most.
const (
	defaultPerPage = 100
	maxPerPage     = 500
)

// pageMeta is the key meta of a list.
type pageMeta struct {
	Total int       `json:"total"` // of the whole list
	Links pageLinks `json:"links"`
}

// pageLinks are cursors, opaque to clients; empty where there is no such page.
type pageLinks struct {
	Next string `json:"next"`
	Prev string `json:"prev"`
}

// paginate returns the page of all that query's per_page and cursor ask for.
// seq numbers the items in the order of the list. A cursor names the item it
// continues after, or before, not a page number: what comes and goes between
// two calls neither hides nor repeats what stays.
func paginate[T any](all []T, seq func(T) int, query url.Values) ([]T, pageMeta, error) {
	meta := pageMeta{Total: len(all)}
	size, ok := emulator.ParsePositive(query.Get("per_page"), defaultPerPage)
	if !ok || size > maxPerPage {
		// That more than the maximum is refused and not cut is a guess.
		return nil, meta, fmt.Errorf("per_page must be 1 to %d", maxPerPage)
	}
	first, last := 0, min(size, len(all)) // of the page, last excluded
	if cursor := query.Get("cursor"); cursor != "" {
		direction, at, err := parseCursor(cursor)
		if err != nil {
			return nil, meta, err
		}
		before := 0 // items up to the one named, for prev without it
		for before < len(all) && (seq(all[before]) < at || direction == "next" && seq(all[before]) == at) {
			before++
		}
		if direction == "next" {
			first, last = before, min(before+size, len(all))
		} else {
			first, last = max(before-size, 0), before
		}
	}
	page := all[first:last]
	if len(page) > 0 && last < len(all) {
		meta.Links.Next = formatCursor("next", seq(page[len(page)-1]))
	}
	if len(page) > 0 && first > 0 {
		meta.Links.Prev = formatCursor("prev", seq(page[0]))
	}
	return page, meta, nil
}

// formatCursor makes a cursor that looks like Vultr's: padded base64, whose "="
// clients must escape in a query.
func formatCursor(direction string, seq int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s__%d", direction, seq))
}

func parseCursor(cursor string) (direction string, seq int, err error) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return "", 0, errors.New("invalid cursor")
	}
	direction, number, _ := strings.Cut(string(text), "__")
	seq, err = strconv.Atoi(number)
	if err != nil || direction != "next" && direction != "prev" {
		return "", 0, errors.New("invalid cursor")
	}
	return direction, seq, nil
}
