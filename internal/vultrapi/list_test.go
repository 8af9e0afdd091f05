package vultrapi

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/vultr/govultr/v3"
)

// pages is a list of so many items, of some on a page.
func pages(items, size int) Page[string] {
	return func(_ *govultr.Client, cursor string) ([]string, *govultr.Meta, error) {
		from, _ := strconv.Atoi(cursor)
		var page []string
		for i := from; i < min(from+size, items); i++ {
			page = append(page, fmt.Sprint("item-", i))
		}
		meta := &govultr.Meta{Total: items, Links: new(govultr.Links)}
		if from+size < items {
			meta.Links.Next = strconv.Itoa(from + size)
		}
		return page, meta, nil
	}
}

// TestListIsBoundedByMemoryAlone reads more than a thousand pages, and stops where
// there are more items than it may keep.
func TestListIsBoundedByMemoryAlone(t *testing.T) {
	itself := func(s string) string { return s }
	all, err := List(new(API), "listing", pages(100_050, 100), itself)
	if err != nil || len(all) != 100_050 {
		t.Errorf("got %d items and the error %v", len(all), err)
	}
	all, err = list(new(API), "listing", pages(100_050, 100), itself, 1000)
	if all != nil || err == nil || !strings.Contains(err.Error(), "no end after 1100") {
		t.Errorf("got %d items and the error %v, though it may keep 1000", len(all), err)
	}
}
