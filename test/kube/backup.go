package kube

import (
	"context"
	"os"
	"path/filepath"
)

// Backup copies etcd's data while both programs are stopped for a moment, and returns
// what puts the copy back in the same way: everything since then is lost, and the
// versions of objects begin anew from there.
func (s *Server) Backup(ctx context.Context) (restore func(context.Context) error, err error) {
	data, saved := filepath.Join(s.dir, "etcd"), filepath.Join(s.dir, "backup")
	if err := s.whileStopped(ctx, func() error { return os.CopyFS(saved, os.DirFS(data)) }); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return s.whileStopped(ctx, func() error {
			if err := os.RemoveAll(data); err != nil {
				return err
			}
			return os.CopyFS(data, os.DirFS(saved))
		})
	}, nil
}

// whileStopped does something while neither program runs.
func (s *Server) whileStopped(ctx context.Context, do func() error) error {
	s.StopAPIServer()
	s.etcd.stop()
	if err := do(); err != nil {
		return err
	}
	if err := s.startEtcd(ctx); err != nil {
		return err
	}
	return s.StartAPIServer(ctx)
}
