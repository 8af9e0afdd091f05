package addresses

// NodeAddresses lets the tests, which share the objects of package fixture, ask for the
// addresses of a node.
var NodeAddresses = nodeAddresses
