package watcher

import (
	"errors"
	"sync"
)

// identity holds the first UID of the namespace kube-system that was seen.
type identity struct {
	mu  sync.Mutex
	uid string
}

// pin keeps the first UID, and returns a ForeignClusterError for another.
func (i *identity) pin(uid string) error {
	if uid == "" {
		return errors.New("the namespace kube-system has no UID: this is not a Kubernetes API server")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.uid == "" {
		i.uid = uid
	}
	if i.uid != uid {
		return &ForeignClusterError{Was: i.uid, Is: uid}
	}
	return nil
}

func (i *identity) get() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.uid
}
