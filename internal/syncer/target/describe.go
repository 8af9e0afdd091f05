package target

import (
	"fmt"

	"github.com/edgeward/edgeward/internal/model"
)

// describe names what an operation is about, for the log.
func describe[T model.Object[T]](op model.Op[T]) []any {
	o := op.New()
	if op.Verb == model.Delete {
		o = op.Old()
	}
	attrs := []any{"op", string(op.Verb)}
	switch o := any(o).(type) {
	case model.Rule:
		attrs = append(attrs, "rule", o.RuleKey.String())
		if op.Verb != model.LookUp {
			attrs = append(attrs, "origin", o.SourceHost+o.SourcePath, "protocols", protocols(o))
		}
	case model.Record:
		if op.Verb != model.LookUp {
			attrs = append(attrs, "record", o.Key(), "ttl", o.TTL)
			if o.Type == "CNAME" {
				attrs = append(attrs, "target_name", o.Data)
			}
		}
	}
	if op.Ingress != (model.IngressID{}) {
		attrs = append(attrs, "ingress", op.Ingress.String())
	}
	return attrs
}

// protocols is "https:443 from http:30080" for each protocol set.
func protocols(r model.Rule) []string {
	var list []string
	for _, p := range r.Protocols {
		list = append(list, fmt.Sprintf("%s:%d from %s:%d", p.Published, p.PublishedPort, p.Source, p.SourcePort))
	}
	return list
}
