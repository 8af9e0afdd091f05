package model

// Notice is something to tell the operator, once for as long as it lasts.
type Notice struct {
	Fatal bool // a cluster cannot be served
	Text  string
	// About tells the notice from others where Text has numbers that change while it
	// lasts. If it is "", Text does.
	About string
}
