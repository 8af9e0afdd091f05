//go:build unix && !linux

package kube

import "syscall"

// ChildAttributes keep a Ctrl-C in the terminal from a child. It outlives a
// killed parent: only Linux offers better.
func ChildAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
