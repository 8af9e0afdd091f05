package emulator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// dnsIdle is how long a connection may wait for its next query, or for its
// client to take a reply.
const dnsIdle = 10 * time.Second

// DNS is the name server of an emulated Vultr account: it answers for its zones,
// over UDP and TCP, with the records as they stand at that moment.
type DNS struct {
	vultr   *Vultr
	packets net.PacketConn
	streams net.Listener
	stop    context.CancelFunc
	running sync.WaitGroup
}

// ListenDNS has the account's zones answered at an address of this machine, with
// the same port for UDP and TCP, until Close: "127.0.0.1:0" takes a free one.
func (v *Vultr) ListenDNS(address string) (*DNS, error) {
	packets, streams, err := listenBoth(address)
	if err != nil {
		return nil, fmt.Errorf("name server: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &DNS{vultr: v, packets: packets, streams: streams, stop: stop}
	d.running.Go(d.servePackets)
	d.running.Go(func() { d.serveStreams(ctx) })
	return d, nil
}

// listenBoth listens by UDP and TCP on one port. One that the system picks for
// UDP may be taken for TCP: then it tries another.
func listenBoth(address string) (net.PacketConn, net.Listener, error) {
	const tries = 10
	var errs error
	for range tries {
		packets, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, err
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams, nil
		}
		packets.Close()
		errs = err
	}
	return nil, nil, errs
}

// Addr is where the server listens.
func (d *DNS) Addr() netip.AddrPort {
	return d.packets.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Close ends the server and its connections, and returns when they have ended.
func (d *DNS) Close() error {
	d.stop()
	err := errors.Join(d.packets.Close(), d.streams.Close())
	d.running.Wait()
	return err
}

// servePackets answers UDP, until the socket is closed.
func (d *DNS) servePackets() {
	buffer := make([]byte, 1<<16)
	for {
		n, client, err := d.packets.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an earlier reply's client is gone
		}
		if reply := d.vultr.respond(buffer[:n], true); reply != nil {
			_, _ = d.packets.WriteTo(reply, client) // a lost reply is asked for again
		}
	}
}

// serveStreams answers TCP, until the listener is closed.
func (d *DNS) serveStreams(ctx context.Context) {
	for {
		conn, err := d.streams.Accept()
		if err != nil {
			return
		}
		d.running.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			for d.serveStream(conn) == nil {
			}
		})
	}
}

// serveStream answers one query of a connection. Each message has its length in
// two bytes before it (RFC 1035 §4.2.2).
func (d *DNS) serveStream(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(dnsIdle)); err != nil {
		return err
	}
	message, err := readMessage(conn)
	if err != nil {
		return err
	}
	reply := d.vultr.respond(message, false)
	if reply == nil {
		return errors.New("not a query")
	}
	return writeMessage(conn, reply)
}

func readMessage(r io.Reader) ([]byte, error) {
	var length uint16
	if err := binary.Read(r, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	message := make([]byte, length)
	_, err := io.ReadFull(r, message)
	return message, err
}

// writeMessage fails where a message is too long to be one.
func writeMessage(w io.Writer, message []byte) error {
	if len(message) >= 1<<16 {
		return fmt.Errorf("a DNS message of %d bytes", len(message))
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}
