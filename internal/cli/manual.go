package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgeward/edgeward/internal/provider"
)

// Manual is the command line with what its manual pages say besides the flags. The pages
// are written by the program in docs, below this package.
func Manual(build Build, all provider.Table) *cobra.Command {
	root, _ := newCommand(build, all, nil)
	root.DisableAutoGenTag = true
	root.Long += "\n\n" + sections(all)
	root.Example = `    edgeward check                    # try the configuration, the clusters and the providers
    edgeward --once --dry-run         # log each write that a start would make
    systemctl enable --now edgeward   # run it, now and after each boot`
	return root
}

// entry is a term and what it means, in Markdown.
type entry struct{ term, meaning string }

// sections are those of the manual page that no flag explains, in Markdown.
func sections(all provider.Table) string {
	var text strings.Builder
	for _, s := range []struct {
		title   string
		entries []entry
	}{
		{"EXIT STATUS", []entry{
			{"0", "Done, or ended by SIGTERM or SIGINT."},
			{fmt.Sprint(exitFailure), "A run-time failure, such as a Secret that cannot be read; `check`: a finding; `--once`: a call failed or a deletion was blocked."},
			{fmt.Sprint(exitChanges), "`plan`: a run would change something."},
			{fmt.Sprint(exitUsage), "Bad usage."},
			{fmt.Sprint(exitBadConfig), "Bad configuration. All faults are printed, a line each."},
		}},
		{"ENVIRONMENT", []entry{
			{"EDGEWARD_SECTION_KEY", "Overrides that key of the configuration: `EDGEWARD_OWNER`, `EDGEWARD_SYNC_MAX_DELETE`. " +
				"Lists and the keys of clusters cannot be set so."},
			{"CREDENTIALS_DIRECTORY", "Where a kubeconfig or a key file that the configuration names without a directory is looked for first. " +
				"systemd sets it, see LoadCredential in systemd.exec(5)."},
			{"KUBECONFIG", "The kubeconfig of a cluster for which none is configured."},
			{"HTTPS_PROXY, NO_PROXY", "The proxy for calls to the providers and to the API servers."},
		}},
		{"FILES", []entry{
			{"/etc/edgeward/config.yaml", "The configuration. It can be read by everybody: keys go into files of their own."},
			{"/etc/edgeward/" + strings.Join(CredentialFiles(all), ", /etc/edgeward/"),
				"What `edgeward.service` hands to the daemon. Only root need be able to read them (mode 0600)."},
			{"/usr/share/doc/edgeward/config.yaml.example", "Every key of the configuration, with its default."},
			{"/usr/share/doc/edgeward/README.md", "Where to begin; beside it, in docs, installation, operation, troubleshooting."},
		}},
	} {
		text.WriteString("# " + s.title + "\n")
		for _, e := range s.entries {
			fmt.Fprintf(&text, "**%s**\n\t%s\n\n", strings.ReplaceAll(e.term, "_", `\_`), e.meaning)
		}
	}
	return strings.TrimSpace(text.String())
}

// CredentialFiles are the names of the files in /etc/edgeward that the unit hands to the
// daemon: a key for each account, "<section>-<key>", and the kubeconfig.
func CredentialFiles(all provider.Table) []string {
	var names []string
	for _, p := range all {
		if of := p.Section.Credential; of != nil {
			names = append(names, strings.ReplaceAll(p.Section.Name+"-"+of.Key, "_", "-"))
		}
	}
	return append(names, "kubeconfig")
}
