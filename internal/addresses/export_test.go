package addresses

// What the tests, which share the objects of package fixture, ask of the inside.
var (
	NodeAddresses = nodeAddresses
	WhyNoOrigin   = whyNoOrigin
)
