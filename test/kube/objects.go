package kube

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// fieldManager owns the fields that Apply sets
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
const fieldManager = "edgeward-test"

// Apply makes objects as a YAML stream of one or more documents says, by
// server-side apply: what was applied before and is no longer in the document
// goes. Objects without a namespace go to "default". It stops at the first error,
// which names the object.
func (s *Server) Apply(ctx context.Context, manifest []byte) error {
	return s.ApplyIn(ctx, corev1.NamespaceDefault, manifest)
}

// ApplyIn is Apply with another namespace for objects without one.
func (s *Server) ApplyIn(ctx context.Context, namespace string, manifest []byte) error {
	return s.each(namespace, manifest, func(client dynamic.ResourceInterface, obj *unstructured.Unstructured) error {
		_, err := client.Apply(ctx, obj.GetName(), obj, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
		return err
	})
}

// Delete deletes the objects that a YAML stream names, those without a namespace
// from "default". An object that is not there is an error (apierrors.IsNotFound).
func (s *Server) Delete(ctx context.Context, manifest []byte) error {
	return s.DeleteIn(ctx, corev1.NamespaceDefault, manifest)
}

// DeleteIn is Delete with another namespace for objects without one.
func (s *Server) DeleteIn(ctx context.Context, namespace string, manifest []byte) error {
	return s.each(namespace, manifest, func(client dynamic.ResourceInterface, obj *unstructured.Unstructured) error {
		return client.Delete(ctx, obj.GetName(), metav1.DeleteOptions{})
	})
}

// each calls do for each object of a YAML stream, until the first error.
func (s *Server) each(namespace string, manifest []byte,
	do func(dynamic.ResourceInterface, *unstructured.Unstructured) error) error {
	objects, err := decode(manifest)
	if err != nil {
		return err
	}
	for _, obj := range objects {
		client, err := s.resource(namespace, obj)
		if err == nil {
			err = do(client, obj)
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", obj.GetKind(), obj.GetName(), err)
		}
	}
	return nil
}

// resource is a client for the resource and namespace of obj.
func (s *Server) resource(namespace string, obj *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gvk := obj.GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	client := s.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return client, nil
	}
	if own := obj.GetNamespace(); own != "" {
		namespace = own
	}
	return client.Namespace(namespace), nil
}

// decode parses a YAML stream, documents with nothing but comments left out.
func decode(manifest []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifest)))
	for n := 1; ; n++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		text, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		if string(text) == "null" {
			continue
		}
		obj := &unstructured.Unstructured{}
		if err := obj.UnmarshalJSON(text); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		objects = append(objects, obj)
	}
}

// CreateNamespace makes a namespace of a new name, for one test. It stays: nobody
// runs here who would finish its deletion.
func (s *Server) CreateNamespace(ctx context.Context) (string, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	created, err := s.clientset.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("creating a namespace: %w", err)
	}
	return created.Name, nil
}

// Clean deletes all Ingresses, Services, EndpointSlices and Nodes, for tests
// that share a server and look at all of it. The Service "kubernetes" stays, as
// the API server would make it again.
func (s *Server) Clean(ctx context.Context) error {
	for _, resource := range []schema.GroupVersionResource{
		{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		{Group: "", Version: "v1", Resource: "services"},
		{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
		{Group: "", Version: "v1", Resource: "nodes"},
	} {
		list, err := s.dynamic.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("listing %s: %w", resource.Resource, err)
		}
		for _, obj := range list.Items {
			if obj.GetKind() == "Service" && obj.GetName() == "kubernetes" {
				continue
			}
			client := s.dynamic.Resource(resource).Namespace(obj.GetNamespace())
			if err := client.Delete(ctx, obj.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("deleting %s %q: %w", obj.GetKind(), obj.GetName(), err)
			}
		}
	}
	return nil
}
