package emulator

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"
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

// addRecord adds r to z, with an id if it has none. The caller holds v.mu for
// writing.
func (v *Vultr) addRecord(z *zone, r Record) Record {
	if r.ID == "" {
		r.ID = newUUID()
	}
	z.records = append(z.records, record{v.nextSeq(), r})
	return r
}

// find returns the index of a record, or -1.
func (z *zone) find(id string) int {
	return slices.IndexFunc(z.records, func(r record) bool { return r.ID == id })
}

// others returns the records of z but that of index i; all for -1.
func (z *zone) others(i int) []Record {
	var others []Record
	for j, r := range z.records {
		if j != i {
			others = append(others, r.Record)
		}
	}
	return others
}

func (v *Vultr) rules(z *zone) recordRules {
	return recordRules{zone: z.domain.Domain, minTTL: v.options.MinTTL, allowDuplicates: v.options.AllowDuplicates}
}

// show is a record of z as the API shows it.
func (v *Vultr) show(z *zone, r Record) Record {
	if ip, err := netip.ParseAddr(r.Data); err == nil && r.Type == "AAAA" && v.options.LongIPv6 {
		r.Data = strings.ToUpper(ip.StringExpanded())
	}
	if v.options.WholeNames {
		r.Name = strings.ToUpper(strings.TrimPrefix(r.Name+"."+z.domain.Domain, ".")) + "."
		if slices.Contains([]string{"CNAME", "NS", "MX", "SRV"}, r.Type) {
			r.Data = strings.ToUpper(strings.TrimSuffix(r.Data, ".")) + "."
		}
	}
	return r
}

func noRecord() reply { return refuseVultr(http.StatusNotFound, "Invalid record.") }

func (v *Vultr) listRecords(r *request) reply {
	return v.readZone(r, func(z *zone) reply {
		page, meta, err := paginate(z.past.show(r, z.records, v.options.Now()), func(r record) int { return r.seq }, r.URL.Query())
		if err != nil {
			return refuseVultr(http.StatusBadRequest, err.Error())
		}
		records := []Record{}
		for _, r := range page {
			records = append(records, v.show(z, r.Record))
		}
		return replyJSON(http.StatusOK, map[string]any{"records": records, "meta": meta})
	})
}

func (v *Vultr) getRecord(r *request) reply {
	return v.readZone(r, func(z *zone) reply {
		i := z.find(r.PathValue("id"))
		if i < 0 {
			return noRecord()
		}
		return replyJSON(http.StatusOK, recordReply{v.show(z, z.records[i].Record)})
	})
}

func (v *Vultr) createRecord(r *request) reply {
	if sendsUnicodeTarget(r.body, "") {
		return v.hang(r)
	}
	return v.changeZone(r, func(z *zone) reply {
		sent, err := decodeNewRecord(r.body)
		if err == nil {
			sent, err = v.rules(z).check(sent, z.others(-1))
		}
		if err != nil {
			return refuseVultr(http.StatusBadRequest, "Unable to add record: "+err.Error())
		}
		return replyJSON(http.StatusCreated, recordReply{v.show(z, v.addRecord(z, sent))})
	})
}

// sendsUnicodeTarget says that a body sends a CNAME's target that is not in
// ASCII. It may name its type itself; otherwise that is kind.
func sendsUnicodeTarget(body []byte, kind string) bool {
	var data string
	err := readFields(body, map[string]any{"type": &kind, "data": &data})
	return err == nil && kind == "CNAME" && strings.ContainsFunc(data, func(c rune) bool { return c > unicode.MaxASCII })
}

// typeOf is the type of the record that r names, "" if there is none.
func (v *Vultr) typeOf(r *request) (kind string) {
	v.readZone(r, func(z *zone) reply {
		if i := z.find(r.PathValue("id")); i >= 0 {
			kind = z.records[i].Type
		}
		return reply{}
	})
	return kind
}

// hang is a call that finds no answer in time.
func (v *Vultr) hang(r *request) reply {
	return delay(v.options.Hang)(func(*request) reply {
		return refuseVultr(http.StatusGatewayTimeout, "gateway timeout")
	})(r)
}

func (v *Vultr) updateRecord(r *request) reply {
	if sendsUnicodeTarget(r.body, v.typeOf(r)) {
		return v.hang(r)
	}
	return v.changeZone(r, func(z *zone) reply {
		i := z.find(r.PathValue("id"))
		if i < 0 {
			return noRecord()
		}
		err := v.checkPatch(r.body)
		changed := z.records[i].Record
		if err == nil {
			changed, err = patchRecord(changed, r.body)
		}
		if err == nil {
			changed, err = v.rules(z).check(changed, z.others(i))
		}
		if err != nil {
			return refuseVultr(http.StatusBadRequest, "Unable to update record: "+err.Error())
		}
		z.records[i].Record = changed
		return noContent()
	})
}

func (v *Vultr) deleteRecord(r *request) reply {
	return v.changeZone(r, func(z *zone) reply {
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
	sent, err := parseDocument(body)
	if err != nil {
		return Record{}, err
	}
	for _, key := range []string{"name", "type", "data"} {
		if !sent.has(key) {
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
func (v *Vultr) checkPatch(body []byte) error {
	sent, err := parseDocument(body)
	switch {
	case err != nil:
		return err
	case v.options.RefuseTTLPatch && sent.has("ttl") && !sent.has("data"):
		return violation("TTL can not be changed") // the text is a guess
	case v.options.RefuseTTLWithData && sent.has("ttl") && sent.has("data"):
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
