package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/edgeward/edgeward/internal/schema"
)

// leaf is a scalar or a list with its full path, such as "edgio.base_url".
type leaf struct {
	path string
	schema.Key
}

// variable is the name in the environment: "EDGEWARD_EDGIO_BASE_URL".
func (l leaf) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(l.path, ".", "_"))
}

// leaves lists the scalars and lists of a table and its sections, in order, but
// not those inside entries.
func leaves(table []schema.Key) []leaf {
	var all []leaf
	for _, k := range table {
		switch k.Shape {
		case schema.SectionShape:
			for _, l := range leaves(k.Keys) {
				all = append(all, leaf{k.Name + "." + l.path, l.Key})
			}
		case schema.ScalarShape, schema.ListShape:
			all = append(all, leaf{k.Name, k})
		}
	}
	return all
}

// variablePrefix begins the name of each variable that sets a key.
const variablePrefix = "EDGEWARD_"

// serviceLink is what Kubernetes puts into every pod of a namespace in which a
// Service is named edgeward, or edgeward-something.
var serviceLink = regexp.MustCompile(
	`^EDGEWARD_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// assemble lays the layers over each other and checks the whole.
func assemble(root *yaml.Node, env map[string]string, p places) (*Config, error) {
	table := keys()
	file, faults := readMapping(root, table, "")
	set, unknown := overrides(env, table)
	faults = append(faults, unknown...)

	on := func(section string) bool { // it is given, in the file or the environment
		_, given := file[section]
		return given || slices.ContainsFunc(slices.Collect(maps.Keys(set)), func(path string) bool { return strings.HasPrefix(path, section+".") })
	}
	edgio, vultrCDN := on("edgio"), on("vultr_cdn")
	if !edgio && vultrCDN { // then nothing of it is required
		table = slices.DeleteFunc(table, func(k schema.Key) bool { return k.Name == "edgio" })
	}

	// viper has no defaults for the entries of a list, so each is completed
	// as a configuration of its own.
	clusters, given := file["clusters"].([]map[string]any)
	delete(file, "clusters")
	if !given {
		clusters = []map[string]any{{}}
	}
	config := &Config{
		Clusters: make([]Cluster, len(clusters)),
		Edgio:    Edgio{On: edgio || !vultrCDN}, VultrCDN: VultrCDN{On: vultrCDN},
	}
	faults = append(faults, complete(config, table, "", file, set, faults)...)
	entry, _ := schema.Lookup(table, "clusters")
	for i, values := range clusters {
		at, cluster := fmt.Sprintf("clusters[%d]", i), &config.Clusters[i]
		allow, _ := values["allow"].([]map[string]any)
		delete(values, "allow")
		faults = append(faults, complete(cluster, entry.Keys, at, values, nil, faults)...)
		nested, _ := schema.Lookup(entry.Keys, "allow")
		for j, values := range allow {
			var one Allow
			faults = append(faults, complete(&one, nested.Keys, fmt.Sprintf("%s.allow[%d]", at, j), values, nil, faults)...)
			cluster.Allow = append(cluster.Allow, one)
		}
	}
	faults = append(faults, resolve(config, p, faults)...)
	faults = append(faults, contradictions(config, faults)...)
	if len(faults) > 0 {
		faults.Sort(table)
		return nil, faults
	}
	return config, nil
}

// variables makes a map of "NAME=value" strings, of equal names the last.
func variables(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	return env
}

// overrides picks from the environment what sets a key, by the key's path, and
// reports the variables that look as if they should.
func overrides(env map[string]string, table []schema.Key) (map[string]string, schema.Faults) {
	set := map[string]string{}
	byName := map[string]leaf{}
	for _, l := range leaves(table) {
		byName[l.variable()] = l
	}
	names := slices.Sorted(maps.Keys(byName))
	var faults schema.Faults
	for _, name := range slices.Sorted(maps.Keys(env)) {
		l, known := byName[name]
		switch {
		case !strings.HasPrefix(name, variablePrefix) || env[name] == "" || serviceLink.MatchString(name):
		case !known:
			message := "sets no key"
			if likely := schema.Nearest(name, names); likely != "" {
				message += "; did you mean " + likely + "?"
			}
			faults = append(faults, schema.Fault{Key: name, Message: message})
		case l.Shape == schema.ListShape:
			faults = append(faults, schema.Fault{Key: name, Message: l.path + " is a list and can only be set in the file"})
		default:
			set[l.path] = env[name]
		}
	}
	return set, faults
}

// complete fills target with a value for each scalar and list of the table:
// from the environment, else from the file, else its default. Keys that
// already have a fault get no second one.
func complete(target any, table []schema.Key, at string, file map[string]any, env map[string]string, known schema.Faults) schema.Faults {
	var faults schema.Faults
	v := viper.New()
	if err := v.MergeConfigMap(file); err != nil {
		return schema.Faults{{Key: at, Message: err.Error()}}
	}
	for _, l := range leaves(table) {
		v.SetDefault(l.path, l.Default)
		full, origin := join(at, l.path), ""
		if text, set := env[l.path]; set {
			v.Set(l.path, text)
			origin = " (set by " + l.variable() + ")"
		}
		value, more := l.Value(v.Get(l.path), full)
		if !known.About(full) {
			for _, fault := range more {
				faults = append(faults, schema.Fault{Key: fault.Key, Message: fault.Message + origin})
			}
		}
		v.Set(l.path, value)
	}
	// The values have their final types, so this fails only where the table
	// and the tags of the struct differ.
	if err := v.UnmarshalExact(target); err != nil {
		faults = append(faults, schema.Fault{Key: join(at, "configuration"), Message: err.Error()})
	}
	return faults
}
