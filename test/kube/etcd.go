package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
)

// etcd listens on Unix sockets in the server's directory, which is also the
// working directory of both programs: no port to clash with another server's.
const (
	etcdSocket = "etcd.sock"
	etcdURL    = "unix://" + etcdSocket
	peerURL    = "unix://peer.sock"
)

// maxSocketPath is what sun_path of unix(7) has room for, on any Unix.
const maxSocketPath = 103

func (s *Server) checkSocketPath() error {
	if path := filepath.Join(s.dir, etcdSocket); len(path) > maxSocketPath {
		return fmt.Errorf("%s: longer than a Unix socket's path can be (%d bytes); use a shorter Dir", path, maxSocketPath)
	}
	return nil
}

func (s *Server) startEtcd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p, err := startProcess(s.dir, filepath.Join(s.binDir, "etcd"),
		"--name=test",
		"--data-dir=etcd",
		"--listen-client-urls="+etcdURL,
		"--advertise-client-urls="+etcdURL,
		"--listen-peer-urls="+peerURL,
		"--initial-advertise-peer-urls="+peerURL,
		"--initial-cluster=test="+peerURL,
		"--unsafe-no-fsync", // the data need not survive the machine
		"--log-level=warn",
	)
	if err != nil {
		return err
	}
	s.etcd = p
	if err := p.await(ctx, func(ctx context.Context) error {
		_, err := s.etcdRevision(ctx)
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintln(s.log, "etcd is ready")
	return nil
}

// Compact makes etcd forget all revisions but the current one. A watch from an
// older resourceVersion is then answered 410, except by a running API server,
// whose watch cache remembers: stop it before and start it after.
func (s *Server) Compact(ctx context.Context) error {
	revision, err := s.etcdRevision(ctx)
	if err != nil {
		return err
	}
	return s.etcdCall(ctx, "/v3/kv/compaction", map[string]any{"revision": revision, "physical": true}, nil)
}

// etcdRevision is etcd's current revision, a decimal number.
func (s *Server) etcdRevision(ctx context.Context) (string, error) {
	var reply struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	// A linearizable read, so it also tells that etcd has a leader.
	query := map[string]any{"key": []byte{0}, "count_only": true}
	if err := s.etcdCall(ctx, "/v3/kv/range", query, &reply); err != nil {
		return "", err
	}
	return reply.Header.Revision, nil
}

// etcdCall posts a request to etcd's JSON gateway
// (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/) and decodes the reply
// unless that is nil.
func (s *Server) etcdCall(ctx context.Context, path string, request, reply any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://etcd"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(s.dir, etcdSocket))
		},
	}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("etcd: %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd: %s: %s: %s", path, resp.Status, text)
	}
	if reply == nil {
		return nil
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return fmt.Errorf("etcd: %s: %w", path, err)
	}
	return nil
}
