package emulator

import (
	"net/http"
	"slices"
)

// Record is one DNS record of a zone, as the API shows it.
type Record struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	// Name is relative to the zone: "" is the apex, "*" the wildcard.
	Name     string `json:"name"`
	Data     string `json:"data"`     // TXT data stands in quotes
	Priority int    `json:"priority"` // of MX and SRV
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

func noRecord() reply { return refuseVultr(http.StatusNotFound, "Invalid record.") }

func (v *Vultr) listRecords(r *request) reply {
	return v.readZone(r, func(z *zone) reply {
		page, meta, err := paginate(z.past.show(r, z.records, v.options.Now()), func(r record) int { return r.seq }, r.URL.Query())
		if err != nil {
			return refuseVultr(http.StatusBadRequest, err.Error())
		}
		records := []Record{}
		for _, r := range page {
			records = append(records, r.Record)
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
		return replyJSON(http.StatusOK, recordReply{z.records[i].Record})
	})
}

func (v *Vultr) createRecord(r *request) reply {
	return v.changeZone(r, func(z *zone) reply {
		sent, err := decodeNewRecord(r.body)
		if err == nil {
			sent, err = v.rules(z).check(sent, z.others(-1))
		}
		if err != nil {
			return refuseVultr(http.StatusBadRequest, "Unable to add record: "+err.Error())
		}
		return replyJSON(http.StatusCreated, recordReply{v.addRecord(z, sent)})
	})
}

func (v *Vultr) updateRecord(r *request) reply {
	return v.changeZone(r, func(z *zone) reply {
		i := z.find(r.PathValue("id"))
		if i < 0 {
			return noRecord()
		}
		changed, err := patchRecord(z.records[i].Record, r.body)
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
	var r Record
	err = readFields(body, map[string]any{
		"name": &r.Name, "type": &r.Type, "data": &r.Data, "ttl": &r.TTL, "priority": &r.Priority,
	})
	return r, err
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
