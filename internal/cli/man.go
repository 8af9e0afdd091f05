//go:build docs

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// entry is a term and what it means, in plain text.
type entry struct{ term, meaning string }

// What the commands do not know of themselves.
func exitStatuses() []entry {
	return []entry{
		{"0", "Done, or ended by SIGTERM or SIGINT."},
		{fmt.Sprint(exitFailure), "A run-time failure, such as a Secret that cannot be read; check: a finding; --once: a call failed or a deletion was blocked."},
		{fmt.Sprint(exitChanges), "plan: a run would change something."},
		{fmt.Sprint(exitUsage), "Bad usage."},
		{fmt.Sprint(exitBadConfig), "Bad configuration. All faults are printed, a line each."},
	}
}

func environment() []entry {
	return []entry{
		{"EDGEWARD_<SECTION>_<KEY>", "Overrides that key of the configuration: EDGEWARD_OWNER, EDGEWARD_SYNC_MAX_DELETE. " +
			"Lists and the keys of clusters cannot be set so."},
		{"CREDENTIALS_DIRECTORY", "Where a kubeconfig or a key file that the configuration names without a directory is looked for first. " +
			"systemd sets it, see LoadCredential in systemd.exec(5)."},
		{"KUBECONFIG", "The kubeconfig of a cluster for which none is configured."},
		{"HTTPS_PROXY, NO_PROXY", "The proxy for calls to the providers and to the API servers."},
	}
}

func files() []entry {
	return []entry{
		{"/etc/edgeward/config.yaml", "The configuration. It can be read by everybody: keys go into files of their own."},
		{"/etc/edgeward/edgio-shared-key, /etc/edgeward/vultr-api-key, /etc/edgeward/kubeconfig",
			"What edgeward.service hands to the daemon. Only root need be able to read them (mode 0600)."},
		{"/usr/share/doc/edgeward/config.yaml.example", "Every key of the configuration, with its default."},
		{"/usr/share/doc/edgeward/README.md", "What edgeward is, and which of the pages in /usr/share/doc/edgeward/docs has what."},
	}
}

func examples() []entry {
	return []entry{
		{"edgeward check", "Try the configuration, the clusters and the providers."},
		{"edgeward --once --dry-run", "Log each write that a start would make."},
		{"systemctl enable --now edgeward", "Run it, now and after each boot."},
	}
}

// manPage renders root and the commands below it as one page (man(7)). Hidden
// commands are left out.
func manPage(root *cobra.Command, version string, date time.Time) string {
	var b strings.Builder
	name := root.Name()
	fmt.Fprintf(&b, ".TH %s 1 %s %s\n", strings.ToUpper(name), date.Format(time.DateOnly), quote(name+" "+version))
	b.WriteString(".SH NAME\n" + escape(name+" - "+lowerFirst(root.Short)) + "\n")

	b.WriteString(".SH SYNOPSIS\n.nf\n")
	commands := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			commands = append(commands, c)
		}
	}
	for _, c := range commands {
		b.WriteString(escape(c.UseLine()) + "\n")
	}
	b.WriteString(".fi\n.SH DESCRIPTION\n" + escape(root.Long) + "\n")

	b.WriteString(".SH COMMANDS\n")
	for _, c := range commands[1:] {
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		item(&b, entry{c.Name(), text})
		if own := c.NonInheritedFlags(); own.HasAvailableFlags() {
			b.WriteString(".RS\n")
			options(&b, own)
			b.WriteString(".RE\n")
		}
	}
	b.WriteString(".SH OPTIONS\nThese go with each command. Without a command, those of run do too.\n")
	options(&b, root.PersistentFlags())

	for _, s := range []struct {
		title   string
		entries []entry
	}{
		{"EXIT STATUS", exitStatuses()},
		{"ENVIRONMENT", environment()},
		{"FILES", files()},
		{"EXAMPLES", examples()},
	} {
		b.WriteString(".SH " + quote(s.title) + "\n")
		for _, e := range s.entries {
			item(&b, e)
		}
	}
	b.WriteString(".SH SEE ALSO\n.BR systemctl (1),\n.BR systemd.exec (5)\n")
	return b.String()
}

// options writes an item for each flag that is not hidden.
func options(b *strings.Builder, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		term := "--" + f.Name
		if f.Shorthand != "" {
			term = "-" + f.Shorthand + ", " + term
		}
		if value != "" {
			term += " " + value
		}
		if f.Value.Type() != "bool" && f.DefValue != "" {
			usage += " (default " + f.DefValue + ")"
		}
		item(b, entry{term, usage})
	})
}

// item writes a tagged paragraph.
func item(b *strings.Builder, e entry) {
	b.WriteString(".TP\n.B " + escape(e.term) + "\n" + escape(e.meaning) + "\n")
}

// escape makes plain text mean itself to roff(7): backslashes, hyphens that
// shall be copied as such, and lines that would be taken for requests. An empty
// line begins a paragraph.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(strings.TrimSpace(text))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case line == "":
			lines[i] = ".sp"
		case line[0] == '.' || line[0] == '\'':
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// quote makes one argument of a macro of text without quotes.
func quote(text string) string { return `"` + escape(text) + `"` }

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
