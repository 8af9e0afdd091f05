// Package docs holds the README and the pages of docs/ to what they say: they can be
// read, their links lead somewhere, and their configurations, manifests, commands,
// keys, metrics and messages are those of the program.
package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// root is the clone's directory.
const root = "../.."

// page is a document, "README.md" or "docs/….md".
type page struct {
	path string
	text []byte
	tree ast.Node
}

// open reads and parses a document.
func open(t *testing.T, path string) page {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table))
	return page{path, content, markdown.Parser().Parse(text.NewReader(content))}
}

// pages are all documents, the README first.
func pages(t *testing.T) []page {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := []page{open(t, "README.md")}
	for _, file := range files {
		list = append(list, open(t, "docs/"+filepath.Base(file)))
	}
	return list
}

// walk calls visit for each node of one kind.
func walk[N ast.Node](p page, visit func(N)) {
	ast.Walk(p.tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if node, ok := n.(N); ok && entering {
			visit(node)
		}
		return ast.WalkContinue, nil
	})
}

// block is a fenced code block.
type block struct {
	language string
	line     int // its first, in the page
	text     string
}

// blocks are the page's fenced code blocks in one of the languages, or all.
func (p page) blocks(languages ...string) (list []block) {
	walk(p, func(n *ast.FencedCodeBlock) {
		b := block{language: string(n.Language(p.text)), text: string(n.Lines().Value(p.text))}
		if n.Lines().Len() > 0 {
			b.line = 1 + bytes.Count(p.text[:n.Lines().At(0).Start], []byte("\n"))
		}
		for _, language := range languages {
			if language == b.language {
				list = append(list, b)
			}
		}
		if len(languages) == 0 {
			list = append(list, b)
		}
	})
	return list
}

// codeSpans are what stands between backquotes in the page's prose and tables.
func (p page) codeSpans() (list []string) {
	walk(p, func(n *ast.CodeSpan) { list = append(list, string(plain(n, p.text))) })
	return list
}

// plain is the text of a node without its markup.
func plain(n ast.Node, source []byte) []byte {
	var b bytes.Buffer
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		} else {
			b.Write(plain(c, source))
		}
	}
	return b.Bytes()
}

// punctuation is what GitHub leaves out of anchors.
var punctuation = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)

// anchors are what links to headings of the page may name, as GitHub makes them.
func (p page) anchors() map[string]bool {
	known := make(map[string]bool)
	walk(p, func(n *ast.Heading) {
		title := strings.ToLower(string(plain(n, p.text)))
		known[strings.ReplaceAll(punctuation.ReplaceAllString(title, ""), " ", "-")] = true
	})
	return known
}

// row is a row of a table, cell by cell, in Markdown.
type row []string

// rows are those of the page's table whose first column has this title, below a
// heading or anywhere (""). The header is left out.
func (p page) rows(t *testing.T, heading, title string) (list []row) {
	t.Helper()
	found, here := false, heading == ""
	for line := range strings.Lines(string(p.text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#") && heading != "":
			here = strings.TrimLeft(line, "# ") == heading
		case !here:
		case !strings.HasPrefix(line, "|"):
			if found {
				return list[1:] // without the line below the header
			}
		case found:
			list = append(list, cells(line))
		default:
			found = cells(line)[0] == title
		}
	}
	if !found {
		t.Fatalf("%s: no table of %q below %q", p.path, title, heading)
	}
	return list[1:]
}

// divider is between two cells. Within a cell it would be escaped, in code, too.
var divider = regexp.MustCompile(`(?:^|[^\\])\|`)

// cells are those of a line of a table.
func cells(line string) (list row) {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	for {
		at := divider.FindStringIndex(line)
		if at == nil {
			return append(list, strings.TrimSpace(line))
		}
		list = append(list, strings.TrimSpace(line[:at[1]-1]))
		line = line[at[1]:]
	}
}
