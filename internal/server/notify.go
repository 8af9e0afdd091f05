package server

import (
	"fmt"
	"net"
)

// Notify tells systemd a state, such as "READY=1", through the datagram socket
// whose path it gave in $NOTIFY_SOCKET (sd_notify(3)). Without a path it does
// nothing.
func Notify(path, state string) error {
	if path == "" {
		return nil
	}
	// A leading @ stands for an abstract socket; package net knows it.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	return nil
}
