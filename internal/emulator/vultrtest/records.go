package vultrtest

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/edgeward/edgeward/internal/emulator"
)

// noPriority is shown where none was given.
const noPriority = -1

// Record is one DNS record of a zone, as the API shows it.
type Record struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	// Name is relative to the zone: "" is the apex, "*" the wildcard.
	Name     string `json:"name"`
	Data     string `json:"data"`     // TXT data stands in quotes
	Priority int    `json:"priority"` // of MX and SRV; -1: none was given
	TTL      int    `json:"ttl"`      // seconds
}

// record is a Record with its place in the order of creation.
type record struct {
	seq int
	Record
}

// recordReply is the shape of replies about one record.
type recordReply struct {
	Record Record `json:"record"`
}

// addRecord adds r to z, with an id if it has none. The caller holds the state for
// writing.
func (a *Account) addRecord(z *zone, r Record) Record {
	if r.ID == "" {
		r.ID = uuid.NewString()
	}
	z.records = append(z.records, record{a.nextSeq(), r})
	return r
}

// find returns the index of a record, or -1.
func (z *zone) find(id string) int {
	return slices.IndexFunc(z.records, func(r record) bool { return r.ID == id })
}

// others returns the records of z but that with an id.
func (z *zone) others(id string) []Record {
	var others []Record
	for _, r := range z.records {
		if r.ID != id {
			others = append(others, r.Record)
		}
	}
	return others
}

func (a *Account) rules(z *zone) recordRules {
	return recordRules{zone: z.domain.Domain, minTTL: a.options.MinTTL, allowDuplicates: a.options.AllowDuplicates}
}

// shown is a record of z as the API shows it.
func (a *Account) shown(z *zone, r Record) Record {
	if ip, err := netip.ParseAddr(r.Data); err == nil && r.Type == "AAAA" && a.options.LongIPv6 {
		r.Data = strings.ToUpper(ip.StringExpanded())
	}
	if a.options.WholeNames {
		r.Name = strings.ToUpper(strings.TrimPrefix(r.Name+"."+z.domain.Domain, ".")) + "."
		if slices.Contains([]string{"CNAME", "NS", "MX", "SRV"}, r.Type) {
			r.Data = strings.ToUpper(strings.TrimSuffix(r.Data, ".")) + "."
		}
	}
	return r
}

func noRecord() emulator.Reply { return refuse(http.StatusNotFound, "Invalid record.") }

func (a *Account) listRecords(r *emulator.Request) emulator.Reply {
	return a.readZone(r, func(z *zone) emulator.Reply {
		page, meta, err := paginate(z.history.List(r, z.records, a.options.Now()), func(r record) int { return r.seq }, r.URL.Query())
		if err != nil {
			return refuse(http.StatusBadRequest, err.Error())
		}
		records := []Record{}
		for _, r := range page {
			records = append(records, a.shown(z, r.Record))
		}
		return emulator.ReplyJSON(http.StatusOK, map[string]any{"records": records, "meta": meta})
	})
}

func (a *Account) getRecord(r *emulator.Request) emulator.Reply {
	return a.readZone(r, func(z *zone) emulator.Reply {
		i := z.find(r.PathValue("id"))
		if i < 0 {
			return noRecord()
		}
		return emulator.ReplyJSON(http.StatusOK, recordReply{a.shown(z, z.records[i].Record)})
	})
}

func (a *Account) createRecord(r *emulator.Request) emulator.Reply {
	if sendsUnicodeTarget(r.Body, "") {
		return a.hang(r)
	}
	return a.changeZone(r, func(z *zone) emulator.Reply {
		sent, err := decodeNewRecord(r.Body)
		if err == nil {
			sent, err = a.rules(z).check(sent, z.others(sent.ID))
		}
		if err != nil {
			return refuse(http.StatusBadRequest, "Unable to add record: "+err.Error())
		}
		return emulator.ReplyJSON(http.StatusCreated, recordReply{a.shown(z, a.addRecord(z, sent))})
	})
}

// sendsUnicodeTarget says that a body sends a CNAME's target that is not in
// ASCII. It may name its type itself; otherwise that is kind.
func sendsUnicodeTarget(body []byte, kind string) bool {
	var data string
	err := readFields(body, map[string]any{"type": &kind, "data": &data})
	return err == nil && kind == "CNAME" && strings.ContainsFunc(data, func(c rune) bool { return c > unicode.MaxASCII })
}

// typeOf is the type of a record, "" if there is none.
func (a *Account) typeOf(domain, id string) string {
	a.state.RLock()
	defer a.state.RUnlock()
	z := a.findZone(domain)
	if z == nil {
		return ""
	}
	i := z.find(id)
	if i < 0 {
		return ""
	}
	return z.records[i].Type
}

// hang is a call that finds no answer in time.
func (a *Account) hang(r *emulator.Request) emulator.Reply {
	return emulator.Delay(a.options.Hang)(func(*emulator.Request) emulator.Reply {
		return refuse(http.StatusGatewayTimeout, "gateway timeout")
	})(r)
}

func (a *Account) updateRecord(r *emulator.Request) emulator.Reply {
	if sendsUnicodeTarget(r.Body, a.typeOf(r.PathValue("domain"), r.PathValue("id"))) {
		return a.hang(r)
	}
	return a.changeZone(r, func(z *zone) emulator.Reply {
		i := z.find(r.PathValue("id"))
		if i < 0 {
			return noRecord()
		}
		err := a.checkPatch(r.Body)
		changed := z.records[i].Record
		if err == nil {
			changed, err = patchRecord(changed, r.Body)
		}
		if err == nil {
			changed, err = a.rules(z).check(changed, z.others(changed.ID))
		}
		if err != nil {
			return refuse(http.StatusBadRequest, "Unable to update record: "+err.Error())
		}
		z.records[i].Record = changed
		return noContent()
	})
}

func (a *Account) deleteRecord(r *emulator.Request) emulator.Reply {
	return a.changeZone(r, func(z *zone) emulator.Reply {
		i := z.find(r.PathValue("id"))
		if i < 0 {
			return noRecord()
		}
		z.records = slices.Delete(z.records, i, i+1)
		return noContent()
	})
}

// decodeNewRecord reads the body of a create call. name, type and data must be
// there, name even if empty.
func decodeNewRecord(body []byte) (Record, error) {
	sent, err := emulator.ParseDocument(body)
	if err != nil {
		return Record{}, err
	}
	for _, key := range []string{"name", "type", "data"} {
		if !sent.Has(key) {
			return Record{}, violation("Missing field: " + key)
		}
	}
	r := Record{Priority: noPriority}
	err = readFields(body, map[string]any{
		"name": &r.Name, "type": &r.Type, "data": &r.Data, "ttl": &r.TTL, "priority": &r.Priority,
	})
	return r, err
}

// checkPatch says why the API may refuse to change these fields at once.
func (a *Account) checkPatch(body []byte) error {
	sent, err := emulator.ParseDocument(body)
	switch {
	case err != nil:
		return err
	case a.options.RefuseTTLPatch && sent.Has("ttl") && !sent.Has("data"):
		return violation("TTL can not be changed") // the text is a guess
	case a.options.RefuseTTLWithData && sent.Has("ttl") && sent.Has("data"):
		return violation("ttl and data should not be changed at once") // likewise
	}
	return nil
}

// patchRecord returns r with the fields that the body of an update call has;
// those left out keep their value. Another type is refused; that it is not just
// ignored is a guess.
func patchRecord(r Record, body []byte) (Record, error) {
	kind := r.Type
	err := readFields(body, map[string]any{
		"name": &r.Name, "data": &r.Data, "ttl": &r.TTL, "priority": &r.Priority, "type": &kind,
	})
	if err == nil && kind != r.Type {
		err = violation("Type cannot be changed")
	}
	return r, err
}
