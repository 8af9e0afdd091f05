package kube

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reservedPort is a TCP port on 127.0.0.1 that only a program of this user that
// asks for it with SO_REUSEPORT can listen on, from now to release. So nobody
// else takes it, neither between choosing it and listening nor while the API
// server is stopped. The socket that holds it is bound but does not listen:
// without the API server connections are refused.
type reservedPort struct {
	number int
	fd     int
}

func reservePort() (*reservedPort, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	unix.CloseOnExec(fd)
	number, err := bindShared(fd)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("reserving a port: %w", err)
	}
	return &reservedPort{number: number, fd: fd}, nil
}

// bindShared binds fd to a port that the kernel chooses, and returns it.
func bindShared(fd int) (int, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	return address.(*unix.SockaddrInet4).Port, nil
}

func (p *reservedPort) release() { unix.Close(p.fd) }
