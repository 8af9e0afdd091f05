package server

import (
	"fmt"
	"net"
	"time"
)

// patience is how long systemd may take to receive a state.
const patience = time.Second

// Notify tells systemd a state, such as "READY=1", through the datagram socket
// whose path it gave in $NOTIFY_SOCKET (sd_notify(3)). Without a path it does
// nothing, and for one that takes no more it does not wait.
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
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	return nil
}
