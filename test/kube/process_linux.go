package kube

import "syscall"

// ChildAttributes make a child die with this process, however that ends, and
// keep a Ctrl-C in the terminal from the child, so that this process can stop
// it in order.
func ChildAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
