package model

// Notice is something to tell the operator, once as long as it lasts. Fatal
// says that a cluster cannot be served.
type Notice struct {
	Fatal bool
	Text  string
	// About tells it from others where Text has numbers that change while it lasts; "":
	// Text does.
	About string
}
