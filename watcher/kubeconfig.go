package watcher

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// howTo is where to learn how a kubeconfig is made.
const howTo = `make one as the README says ("A kubeconfig with few rights")`

// readable returns which of the files are there, and says what is wrong with one that
// cannot be read or is no kubeconfig. One that was asked for has to be there.
func readable(paths []string, askedFor bool) (found []string, err error) {
	for _, path := range paths {
		data, err := readRegular(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !askedFor:
			continue
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: no such file or directory; correct clusters[].kubeconfig, or put the file there", path)
		case errors.Is(err, fs.ErrPermission):
			return nil, fmt.Errorf("%s: permission denied; let the user read it that edgeward runs as, or hand it over by the unit's LoadCredential", path)
		case errors.Is(err, syscall.EISDIR):
			return nil, fmt.Errorf("%s: is a directory; clusters[].kubeconfig has to name a file", path)
		case err != nil:
			return nil, err // it names the file
		}
		if _, err := clientcmd.Load(data); err != nil {
			return nil, fmt.Errorf("%s: not a kubeconfig: %w; %s", path, err, howTo)
		}
		found = append(found, path)
	}
	return found, nil
}

// readRegular reads a file that is looked at again and again. A pipe holds what it
// holds but once, and to open one could wait for ever.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir(): // the system says it better
	case path == os.DevNull: // which some give for none
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	return os.ReadFile(path)
}

// selected says what keeps a context from being used: that of the given name, or ""
// for the current one. A configuration that is empty selects nothing, which is for
// the caller to judge.
func selected(c *clientcmdapi.Config, name string) error {
	if clientcmdapi.IsConfigEmpty(c) {
		return nil
	}
	key := "clusters[].context"
	if name == "" {
		key = "current-context"
	}
	name = cmp.Or(name, c.CurrentContext)
	context, cluster := c.Contexts[name], (*clientcmdapi.Cluster)(nil)
	if context != nil {
		cluster = c.Clusters[context.Cluster]
	}
	const mend = "; correct it by kubectl config set-context"
	switch {
	case len(c.Contexts) == 0:
		return errors.New("it has no context, which says what cluster and user belong together; add one by kubectl config set-context")
	case name == "":
		return fmt.Errorf("no context is selected; set clusters[].context to one of %s, or current-context in the file", names(c.Contexts))
	case context == nil:
		return fmt.Errorf("context %q does not exist; %s has to be one of %s", name, key, names(c.Contexts))
	case context.Cluster == "":
		return fmt.Errorf("context %q names no cluster%s", name, mend)
	case cluster == nil:
		return fmt.Errorf("context %q names the cluster %q, which is not in the file (there are %s)%s", name, context.Cluster, names(c.Clusters), mend)
	case context.AuthInfo != "" && c.AuthInfos[context.AuthInfo] == nil:
		return fmt.Errorf("context %q names the user %q, which is not in the file (there are %s)%s", name, context.AuthInfo, names(c.AuthInfos), mend)
	}
	return nil
}

// namedFiles are the paths of the files that a context has credentials in; see selected
// for its name.
func namedFiles(c *clientcmdapi.Config, name string) []string {
	context := c.Contexts[cmp.Or(name, c.CurrentContext)]
	if context == nil {
		return nil
	}
	var paths []string
	if cluster := c.Clusters[context.Cluster]; cluster != nil {
		paths = append(paths, cluster.CertificateAuthority)
	}
	if user := c.AuthInfos[context.AuthInfo]; user != nil {
		paths = append(paths, user.ClientCertificate, user.ClientKey, user.TokenFile)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// names are the quoted keys of a map, in their order.
func names[T any](m map[string]T) string {
	if len(m) == 0 {
		return "none"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("%q", name))
	}
	return strings.Join(list, ", ")
}
