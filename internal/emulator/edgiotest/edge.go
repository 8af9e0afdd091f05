package edgiotest

import "github.com/edgeward/edgeward/internal/emulator/edge"

// NewEdge returns an edge of the CDN that has the account's rules. It goes on
// following them as long as the account lives.
func (a *Account) NewEdge(o edge.Options) *edge.Edge {
	return edge.New(a.state, func() []edge.Rule {
		var all []edge.Rule
		for _, i := range a.Instances() {
			for _, set := range i.ProtocolSets {
				all = append(all, edgeRule(i, set))
			}
		}
		return all
	}, o)
}

// edgeRule is what one protocol set of an instance publishes. Of its options
// only those count that set a header.
func edgeRule(i Instance, set ProtocolSet) edge.Rule {
	rule := edge.Rule{
		Scheme: set.PublishedProtocol, Host: i.Host, Path: i.Path,
		SourceScheme: set.SourceProtocol, SourceHost: i.SourceHost, SourcePath: i.SourcePath,
		SourcePort: set.SourcePort,
	}
	for _, option := range set.Options {
		switch option.Name {
		case "req_send_header":
			rule.RequestHeaders = append(rule.RequestHeaders, headerOf(option)...)
		case "reply_send_header":
			rule.ReplyHeaders = append(rule.ReplyHeaders, headerOf(option)...)
		}
	}
	return rule
}

// headerOf is the header of an option with its name and value, none if the
// parameters are others.
func headerOf(option Option) []edge.Header {
	if len(option.Parameters) != 2 {
		return nil
	}
	name, isName := option.Parameters[0].(string)
	value, isValue := option.Parameters[1].(string)
	if !isName || !isValue {
		return nil
	}
	return []edge.Header{{Name: name, Value: value}}
}
