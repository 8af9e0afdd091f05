package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// command is a command line of a document, word by word, without quotes.
type command struct {
	where string
	words []string
}

func (c command) String() string { return c.where + ": " + strings.Join(c.words, " ") }

// commands are those in the blocks of shell of all documents, and those in their
// prose that run edgeward or make.
func commands(t *testing.T) (list []command) {
	for _, p := range pages(t) {
		for _, b := range p.blocks("sh") {
			list = append(list, parse(t, p.path, b.text)...)
		}
		for _, span := range p.codeSpans() {
			// A message, of which "…" stands for a part, may begin likewise.
			program, _, _ := strings.Cut(span, " ")
			if slices.Contains([]string{"cd", "edgeward", "make"}, program) && !strings.Contains(span, "…") {
				list = append(list, parse(t, p.path, span)...)
			}
		}
	}
	return list
}

// parse finds the simple commands in a text, also those within functions, pipes and
// substitutions.
func parse(t *testing.T, where, text string) (list []command) {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(text), where)
	if err != nil {
		t.Errorf("%s: %v, in\n%s", where, err, text)
		return nil
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		c := command{where: where}
		for _, word := range call.Args {
			c.words = append(c.words, unquoted(word))
		}
		if c.words[0] == "sudo" {
			c.words = c.words[1:]
		}
		list = append(list, c)
		return true
	})
	return list
}

// unquoted is a word as the program gets it, but for what stands for something else.
func unquoted(word *syntax.Word) string {
	var b strings.Builder
	var printer = syntax.NewPrinter()
	for _, part := range word.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(part.Value)
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		default:
			printer.Print(&b, part)
		}
	}
	return b.String()
}

// TestCommands tries what the documents have their readers type, as far as that needs
// no more than a clone: what it runs is there, and takes the arguments.
func TestCommands(t *testing.T) {
	tries := map[string]func(*testing.T, command){
		"edgeward": takesArguments,
		"make":     hasTarget,
		"kubectl":  namesManifests,
		"editor":   namesFiles,
		"docker":   buildsImage,
		"go":       namesPackages,
	}
	// What asks the daemon, which TestFirstExample does; what is not ours; and what a block
	// defines for itself.
	others := []string{"curl", "apt", "base64", "cd", "git", "install", "journalctl", "jq", "rm", "ssh", "systemctl", "umask", "secret", "$k"}
	seen := make(map[string]int)
	for _, c := range commands(t) {
		program := c.words[0]
		seen[program]++
		if try := tries[program]; try != nil {
			try(t, c)
		} else if !slices.Contains(others, program) {
			t.Errorf("%s: nothing here tries %s", c, program)
		}
	}
	for program := range tries {
		if seen[program] == 0 {
			t.Errorf("no document runs %s", program)
		}
	}
}

// takesArguments runs edgeward with the arguments and without a configuration, which
// it complains of once it has understood them.
func takesArguments(t *testing.T, c command) {
	want := badConfiguration
	if slices.Contains(c.words, "version") {
		want = 0
	}
	if status, output := edgeward(t, "", c.words[1:]...); status != want {
		t.Errorf("%s: exit status %d: %s", c, status, output)
	}
}

// hasTarget looks for the target and the variables of make in the Makefile.
func hasTarget(t *testing.T, c command) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	must(t, err)
	for _, word := range c.words[1:] {
		name, _, isVariable := strings.Cut(word, "=")
		pattern := `(?m)^([\w-]+ )*` + regexp.QuoteMeta(name) + `( [\w-]+)*:( |$)`
		if isVariable {
			pattern = `\$\(` + regexp.QuoteMeta(name) + `\)`
		}
		if !regexp.MustCompile(pattern).Match(makefile) {
			t.Errorf("%s: the Makefile has no %s", c, name)
		}
	}
}

// namesFiles looks for the files of the repository that the words name.
func namesFiles(t *testing.T, c command) {
	for _, word := range c.words[1:] {
		exists(t, c.String(), word)
	}
}

// namesManifests looks for the files that kubectl is to apply.
func namesManifests(t *testing.T, c command) {
	for i, word := range c.words[1:] {
		if c.words[i] == "-f" {
			exists(t, c.String(), word)
		}
	}
}

// buildsImage compares the arguments of a build with those that the Dockerfile takes.
func buildsImage(t *testing.T, c command) {
	dockerfile, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	must(t, err)
	for i, word := range c.words {
		if name, _, _ := strings.Cut(word, "="); c.words[max(0, i-1)] == "--build-arg" && !strings.Contains(string(dockerfile), "\nARG "+name+"=") {
			t.Errorf("%s: the Dockerfile has no ARG %s", c, name)
		}
	}
}

// namesPackages looks for the packages in the module that go is run in: test after cd,
// or else the one above it.
func namesPackages(t *testing.T, c command) {
	for _, word := range c.words[1:] {
		path, relative := strings.CutPrefix(word, "./")
		if relative && !inRepository.MatchString(path) {
			path = "test/" + path
		}
		if relative {
			exists(t, c.String(), path)
		}
	}
}

// inRepository is a path below one of the repository's directories.
var inRepository = regexp.MustCompile(`^(bench|deploy|docs|edgio|internal|monitoring|packaging|systemd|test|vultrcdn|vultrdns|watcher)/[\w./-]*$`)

// exists fails the test if a word names a file or directory that is not there.
func exists(t *testing.T, where, word string) {
	t.Helper()
	if !inRepository.MatchString(word) {
		return
	}
	if _, err := os.Stat(filepath.Join(root, word)); err != nil {
		t.Errorf("%s: %v", where, err)
	}
}

// TestFilesExist looks for the files that the prose names.
func TestFilesExist(t *testing.T) {
	for _, p := range pages(t) {
		for _, span := range p.codeSpans() {
			exists(t, p.path, span)
		}
	}
}
