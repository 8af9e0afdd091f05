package docs

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// TestReadmeIsAFrontPage: who comes here first reads one page.
func TestReadmeIsAFrontPage(t *testing.T) {
	const most = 200
	if n := strings.Count(string(open(t, "README.md").text), "\n"); n > most {
		t.Errorf("README.md has %d lines, more than %d", n, most)
	}
}

// TestLinesFitAScreen holds for all but tables and what programs print.
func TestLinesFitAScreen(t *testing.T) {
	const most = 110
	for _, p := range pages(t) {
		output := make(map[int]bool) // lines of it
		for _, b := range p.blocks("text") {
			for i := range strings.Count(b.text, "\n") {
				output[b.line+i] = true
			}
		}
		for i, line := range strings.Split(string(p.text), "\n") {
			if n := utf8.RuneCountInString(line); n > most && !strings.HasPrefix(line, "|") && !output[i+1] {
				t.Errorf("%s:%d: %d columns, more than %d", p.path, i+1, n, most)
			}
		}
	}
}

// TestCodeIsFenced: each block of code names its language, by which it is tested.
func TestCodeIsFenced(t *testing.T) {
	known := map[string]bool{"sh": true, "yaml": true, "ini": true, "go": true, "text": true}
	for _, p := range pages(t) {
		walk(p, func(n *ast.CodeBlock) {
			t.Errorf("%s: indented code, which has no language: %s", p.path, n.Lines().Value(p.text))
		})
		for _, b := range p.blocks() {
			if !known[b.language] {
				t.Errorf("%s:%d: code in the unknown language %q", p.path, b.line, b.language)
			}
		}
	}
}

// TestTablesAreWhole: each row has as many cells as its header. A renderer drops a
// cell too many without a word.
func TestTablesAreWhole(t *testing.T) {
	for _, p := range pages(t) {
		rows, header := 0, 0
		for i, line := range strings.Split(string(p.text), "\n") {
			n := 0
			if strings.HasPrefix(line, "|") {
				rows++
				n = len(cells(line))
			}
			if header > 0 && n > 0 && n != header {
				t.Errorf("%s:%d: %d cells below a header of %d", p.path, i+1, n, header)
			}
			if header == 0 || n == 0 {
				header = n
			}
		}
		parsed := 0
		walk(p, func(n *extast.TableHeader) { parsed += 2 }) // with the line below it
		walk(p, func(n *extast.TableRow) { parsed++ })
		if parsed != rows {
			t.Errorf("%s: %d lines look like rows of a table, %d are", p.path, rows, parsed)
		}
	}
}

// TestLinksLeadSomewhere looks at those within the repository.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		walk(p, func(n *ast.Link) {
			to, err := url.Parse(string(n.Destination))
			if err != nil || to.IsAbs() {
				return
			}
			path := p.path
			if to.Path != "" {
				path = filepath.Join(filepath.Dir(p.path), to.Path)
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s links to %s, which is not there", p.path, n.Destination)
				return
			}
			if to.Fragment != "" && !open(t, path).anchors()[to.Fragment] {
				t.Errorf("%s links to %s: no such heading", p.path, n.Destination)
			}
		})
	}
}

// TestEveryPageIsFound: the README leads to each.
func TestEveryPageIsFound(t *testing.T) {
	readme, linked := open(t, "README.md"), make(map[string]bool)
	walk(readme, func(n *ast.Link) { linked[string(n.Destination)] = true })
	for _, p := range pages(t)[1:] {
		if !linked[p.path] {
			t.Errorf("README.md has no link to %s", p.path)
		}
	}
}

// TestUntriedIsSaid: whoever buys a CDN for this has to know that nobody has yet.
func TestUntriedIsSaid(t *testing.T) {
	untried := regexp.MustCompile(`never\s+tried\s+against\s+(a|the)\s+live`)
	for _, path := range []string{"README.md", "docs/vultr-cdn.md", "docs/edgio.md", "docs/guarantees.md"} {
		if !untried.Match(open(t, path).text) {
			t.Errorf("%s does not say that the live service was never tried", path)
		}
	}
}
