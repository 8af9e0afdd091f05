package watcher

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// A source lists and watches one resource through the REST client of its API
// group. The typed clients would do but for one thing: client-go repeats a
// request by itself up to ten times, out of sight, and only here can it be told
// not to.
type source struct {
	connect   func(context.Context) (*Client, error)
	group     func(*Client) rest.Interface
	newList   func() runtime.Object
	resource  string
	namespace string // "": all, or a resource without namespaces
	selector  string // label selector, applied by the server; "": all
	fields    string // field selector, likewise
}

func (s source) list(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
	request, err := s.request(ctx, opts)
	if err != nil {
		return nil, err
	}
	list := s.newList()
	if err := request.Do(ctx).Into(list); err != nil {
		return nil, err
	}
	return list, nil
}

func (s source) watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
	opts.Watch = true
	request, err := s.request(ctx, opts)
	if err != nil {
		return nil, err
	}
	return request.Watch(ctx)
}

func (s source) request(ctx context.Context, opts metav1.ListOptions) (*rest.Request, error) {
	client, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	opts.LabelSelector, opts.FieldSelector = s.selector, s.fields
	return s.group(client).Get().
		NamespaceIfScoped(s.namespace, s.namespace != "").
		Resource(s.resource).
		VersionedParams(&opts, client.parameters).
		MaxRetries(0), nil
}
