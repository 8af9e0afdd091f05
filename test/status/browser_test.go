package status

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/kube"
)

// browser is a Chromium without a window.
type browser struct {
	t       *testing.T
	program string
	runs    int
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium here (apt-get install chromium), so nobody looks at the page")
	}
	return &browser{t: t, program: program}
}

// run has the browser load a URL and do what the arguments say, and returns
// what it prints.
func (b *browser) run(url string, args ...string) string {
	b.t.Helper()
	b.runs++
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--user-data-dir=" + filepath.Join(b.t.TempDir(), fmt.Sprint("profile", b.runs)),
	}, append(args, url)...)
	cmd := exec.CommandContext(ctx, b.program, args...)
	cmd.SysProcAttr = kube.ChildAttributes()
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		b.t.Fatalf("chromium: %v\n%s", err, &log)
	}
	return out.String()
}

// text is what the page holds after it was loaded. No script has helped: the
// page's own policy forbids them.
func (b *browser) text(url string) string {
	b.t.Helper()
	return b.run(url, "--dump-dom")
}

// measure is a page that shows another in frames of several widths and says of
// each how wide its content is. The other is a copy, as the real one neither
// lets itself be framed nor scripts run.
const measure = `<!DOCTYPE html>
<iframe src="/copy" width="390" height="800"></iframe>
<iframe src="/copy" width="1280" height="800"></iframe>
<script>
onload = () => {
	for (const f of document.querySelectorAll("iframe")) {
		const d = f.contentDocument.documentElement;
		const p = document.createElement("p");
		p.textContent = "frame " + f.width + ": content " + d.scrollWidth + " of " + d.clientWidth;
		document.body.append(p);
	}
};
</script>`

var measured = regexp.MustCompile(`frame (\d+): content (\d+) of (\d+)<`)

// overflow reports, for a page's source, at which widths its content is wider
// than the window. It also returns how many widths were tried.
func (b *browser) overflow(source string) (tried int, wider []string) {
	b.t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/copy" {
			fmt.Fprint(w, source)
			return
		}
		fmt.Fprint(w, measure)
	}))
	defer s.Close()
	for _, m := range measured.FindAllStringSubmatch(b.run(s.URL, "--dump-dom"), -1) {
		tried++
		if m[2] != m[3] {
			wider = append(wider, m[0])
		}
	}
	return tried, wider
}
