package edge

import (
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	all := index([]Rule{
		{Scheme: "https", Host: "www.example.com", Path: "/", SourcePath: "/", SourceHost: "root"},
		{Scheme: "https", Host: "www.example.com", Path: "/app", SourcePath: "/app", SourceHost: "object"},
		{Scheme: "https", Host: "www.example.com", Path: "/app/", SourcePath: "/", SourceHost: "directory"},
		{Scheme: "https", Host: "www.example.com", Path: "/app/deep/", SourcePath: "/app/deep/", SourceHost: "deep"},
		{Scheme: "https", Host: "www.example.com", Path: "/app/deep/", SourcePath: "/x", SourceHost: "younger"},
		{Scheme: "https", Host: "www.example.com", Path: "/glued/", SourcePath: "/g", SourceHost: "glued"},
		{Scheme: "https", Host: "www.example.com", Path: "/é b/", SourcePath: "/é/", SourceHost: "escaped"},
		{Scheme: "http", Host: "www.example.com", Path: "/app/", SourcePath: "/plain/", SourceHost: "plain"},
		{Scheme: "https", Host: "Lone.example.com", Path: "/one", SourcePath: "/two", SourceHost: "lone"},
	})
	for _, tc := range []struct{ name, scheme, host, path, want string }{
		{"the whole host", "https", "www.example.com", "/x", "root /x"},
		{"its root", "https", "www.example.com", "/", "root /"},
		{"an object", "https", "www.example.com", "/app", "object /app"},
		{"not below an object", "https", "www.example.com", "/apple", "root /apple"},
		{"a directory", "https", "www.example.com", "/app/", "directory /"},
		{"below it", "https", "www.example.com", "/app/a/b", "directory /a/b"},
		{"the longest, and the older", "https", "www.example.com", "/app/deep/x", "deep /app/deep/x"},
		{"a prefix is replaced as it stands", "https", "www.example.com", "/glued/x", "glued /gx"},
		{"escaped as clients do", "https", "www.example.com", "/%C3%A9%20b/c%2Fd", "escaped /%C3%A9/c%2Fd"},
		{"paths have their case", "https", "www.example.com", "/APP", "root /APP"},
		{"another protocol", "http", "www.example.com", "/app/x", "plain /plain/x"},
		{"not in this protocol", "http", "www.example.com", "/x", ""},
		{"published in capitals", "https", "lone.example.com", "/one", "lone /two"},
		{"an object alone", "https", "lone.example.com", "/one/", ""},
		{"another host", "https", "example.com", "/app", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rule, path, ok := all.find(tc.scheme, tc.host, tc.path, time.Time{})
			got := ""
			if ok {
				got = rule.SourceHost + " " + path
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
