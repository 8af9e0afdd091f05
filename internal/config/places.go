package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/edgeward/edgeward/internal/schema"
)

// maxFile is the greatest size, in octets, of a file that is read: far more
// than any configuration or key has, and no burden if it was the wrong file.
const maxFile = 1 << 20

// places is where the files are that the configuration names.
type places struct {
	config      string // the directory of the configuration file, an absolute path
	credentials string // $CREDENTIALS_DIRECTORY (systemd.exec(5)), or ""
}

// find returns the absolute path that name stands for: a bare name that exists
// in the credentials directory is that file, any other relative path starts at
// the configuration file's directory. "" stays "".
func (p places) find(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if p.credentials != "" && !strings.Contains(name, "/") {
		credential := filepath.Join(p.credentials, name)
		if _, err := os.Stat(credential); !errors.Is(err, fs.ErrNotExist) {
			return credential
		}
	}
	return filepath.Join(p.config, name)
}

// searched says, for a file that is not there, where it was looked for.
func (p places) searched(name string) string {
	switch {
	case filepath.IsAbs(name):
		return ""
	case p.credentials != "" && !strings.Contains(name, "/"):
		return fmt.Sprintf(" in %s or %s", p.credentials, p.config)
	default:
		return " in " + p.config
	}
}

// credential is how the key of a section's account is given, of which values has the
// three ways. It is read, unless a Kubernetes Secret holds it. Faults are about the key
// that is to be mended.
func (p places) credential(section schema.Section, values map[string]any, known schema.Faults) (*schema.Given, schema.Faults) {
	of := section.Credential
	key := join(section.Name, of.Key)
	fileKey, secretKey := key+"_file", join(section.Name, "secret")
	value, _ := values[of.Key].(schema.Secret)
	file, _ := values[of.Key+"_file"].(string)
	ref, _ := values["secret"].(schema.SecretRef)
	given := &schema.Given{Value: value, Ref: ref}
	if known.About(key, fileKey, secretKey) {
		return given, nil
	}
	var ways []string
	for _, way := range []struct {
		key   string
		taken bool
	}{{key, value.Reveal() != ""}, {fileKey, file != ""}, {secretKey, ref != schema.SecretRef{}}} {
		if way.taken {
			ways = append(ways, way.key)
		}
	}
	switch {
	case len(ways) == 0:
		return given, schema.Faults{{Key: key, Message: "required, or " + fileKey + " with the path of a file that holds it, or " + secretKey + " with the name of a Kubernetes Secret"}}
	case len(ways) > 1:
		number := map[int]string{2: "two", 3: "three"}[len(ways)]
		return given, schema.Faults{{Key: ways[0], Message: "given beside " + strings.Join(ways[1:], " and ") + ": keep one of the " + number}}
	case ref != schema.SecretRef{}:
		return given, nil
	}
	var faults schema.Faults
	given.Value, given.File, faults = p.secret(key, value, file, of.Check)
	return given, faults
}

// secret returns what a key and its *_file companion give, with the file's
// path; one of the two is given.
func (p places) secret(key string, inline schema.Secret, file string, check func(string) error) (schema.Secret, string, schema.Faults) {
	fileKey := key + "_file"
	if file == "" {
		if err := check(inline.Reveal()); err != nil {
			return schema.Secret{}, "", schema.Faults{{Key: key, Message: err.Error()}}
		}
		return inline, "", nil
	}
	path := p.find(file)
	content, err := ReadSecret(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return schema.Secret{}, "", schema.Faults{{Key: fileKey, Message: describe(err) + p.searched(file)}}
	case err != nil:
		return schema.Secret{}, "", schema.Faults{{Key: fileKey, Message: describe(err)}}
	}
	if err := check(content.Reveal()); err != nil {
		return schema.Secret{}, "", schema.Faults{{Key: fileKey, Message: "in the file: " + err.Error()}}
	}
	return content, path, nil
}

// ReadSecret returns the content of a file without the white space around it.
// The file must be regular: to open a pipe could wait for ever.
func ReadSecret(path string) (schema.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return schema.Secret{}, err
	}
	if !info.Mode().IsRegular() {
		return schema.Secret{}, errors.New("not a regular file")
	}
	data, err := readFile(path)
	if err != nil {
		return schema.Secret{}, err
	}
	content := strings.TrimSpace(string(data))
	if content == "" {
		return schema.Secret{}, errors.New("the file is empty")
	}
	return schema.NewSecret(content), nil
}

// readFile returns the content of a file of at most maxFile octets.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, errors.New("larger than 1 MiB")
	}
	return data, err
}

// describe says what is wrong with a file without repeating its path.
func describe(err error) string {
	var withPath *fs.PathError
	if errors.As(err, &withPath) {
		return withPath.Err.Error()
	}
	return err.Error()
}
