package emulator

import "testing"

func TestFind(t *testing.T) {
	all := index([]publication{
		{scheme: "https", host: "www.example.com", path: "/", sourcePath: "/", sourceHost: "root"},
		{scheme: "https", host: "www.example.com", path: "/app", sourcePath: "/app", sourceHost: "object"},
		{scheme: "https", host: "www.example.com", path: "/app/", sourcePath: "/", sourceHost: "directory"},
		{scheme: "https", host: "www.example.com", path: "/app/deep/", sourcePath: "/app/deep/", sourceHost: "deep"},
		{scheme: "https", host: "www.example.com", path: "/app/deep/", sourcePath: "/x", sourceHost: "younger"},
		{scheme: "https", host: "www.example.com", path: "/glued/", sourcePath: "/g", sourceHost: "glued"},
		{scheme: "https", host: "www.example.com", path: "/é b/", sourcePath: "/é/", sourceHost: "escaped"},
		{scheme: "http", host: "www.example.com", path: "/app/", sourcePath: "/plain/", sourceHost: "plain"},
		{scheme: "https", host: "Lone.example.com", path: "/one", sourcePath: "/two", sourceHost: "lone"},
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
			p, path, ok := all.find(tc.scheme, tc.host, tc.path, testNow())
			got := ""
			if ok {
				got = p.sourceHost + " " + path
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
