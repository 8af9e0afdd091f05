package emulator

// NewEdgioEdge returns an edge of the CDN that has the account's rules. It goes
// on following them as long as the account's Changes live.
func NewEdgioEdge(account *Edgio, o EdgeOptions) *Edge {
	return newEdge(account.options.Changes, func() []publication {
		var all []publication
		for _, i := range account.Instances() {
			for _, set := range i.ProtocolSets {
				all = append(all, edgioPublication(i, set))
			}
		}
		return all
	}, o)
}

// edgioPublication is what one protocol set of a rule publishes. Of its options
// only those count that set a header.
func edgioPublication(i Instance, set ProtocolSet) publication {
	p := publication{
		scheme: set.PublishedProtocol, host: i.Host, path: i.Path,
		sourceScheme: set.SourceProtocol, sourceHost: i.SourceHost, sourcePath: i.SourcePath,
		sourcePort: set.SourcePort,
	}
	if p.sourcePort == 0 {
		p.sourcePort = defaultPort(set.SourceProtocol)
	}
	for _, option := range set.Options {
		switch option.Name {
		case "req_send_header":
			p.requestHeaders = append(p.requestHeaders, headerOf(option)...)
		case "reply_send_header":
			p.replyHeaders = append(p.replyHeaders, headerOf(option)...)
		}
	}
	return p
}

// headerOf is the header of an option with its name and value, none if the
// parameters are others.
func headerOf(option Option) []header {
	if len(option.Parameters) != 2 {
		return nil
	}
	name, isName := option.Parameters[0].(string)
	value, isValue := option.Parameters[1].(string)
	if !isName || !isValue {
		return nil
	}
	return []header{{name, value}}
}
