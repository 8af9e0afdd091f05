package kube

import (
	"context"
	"fmt"
	"os"
)

// RunMain runs the tests of a package with one server for all of them, and
// returns the exit status. When tests fail it shows the ends of both logs.
//
//	var server *kube.Server // set by TestMain, before any test
//
//	func TestMain(m *testing.M) { os.Exit(kube.RunMain(m, &server)) }
//
// Tests keep out of each other's way by a namespace each (CreateNamespace), or
// by starting with Clean.
func RunMain(m interface{ Run() int }, server **Server) int {
	s, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer s.Stop()
	*server = s
	status := m.Run()
	if status != 0 {
		for _, p := range []*process{s.etcd, s.apiserver} {
			if p != nil {
				fmt.Fprintf(os.Stderr, "--- the end of the log of %s:\n%s\n", p.name, p.tail())
			}
		}
	}
	return status
}
