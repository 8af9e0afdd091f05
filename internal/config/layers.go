package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// leaf is a scalar or a list with its full path, such as "sync.linger".
type leaf struct {
	path string
	schema.Key
}

// variable is the name in the environment: "EDGEWARD_SYNC_LINGER".
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
func assemble(root *yaml.Node, env map[string]string, all provider.Table, p places) (*Config, error) {
	table := keys(all)
	file, faults := reader{table}.mapping(root, table, "")
	set, unknown := overrides(env, table)
	faults = append(faults, unknown...)
	config := &Config{Providers: inForce(all, file, set), KnownCDNs: all.CDNs().Names()}

	sections := make(map[string]map[string]any)
	for _, provider := range all {
		name := provider.Section.Name
		sections[name], _ = file[name].(map[string]any)
		delete(file, name)
	}
	// viper has no defaults for the entries of a list, so each is completed
	// as a configuration of its own.
	clusters, given := file["clusters"].([]map[string]any)
	delete(file, "clusters")
	if !given {
		clusters = []map[string]any{{}}
	}
	config.Clusters = make([]Cluster, len(clusters))
	core := slices.Concat(clusterKeys(all), otherKeys(all))
	_, more := complete(config, core, "", file, set, faults)
	faults = append(faults, more...)
	entry, _ := schema.Lookup(core, "clusters")
	for i, values := range clusters {
		faults = append(faults, completeCluster(&config.Clusters[i], entry.Keys, fmt.Sprintf("clusters[%d]", i), values, faults)...)
	}
	for _, provider := range config.Providers {
		faults = append(faults, completeSection(&config.Sections, provider.Section, sections[provider.Section.Name], set, p, faults)...)
	}
	for i := range config.Clusters { // whether one exists is not looked at: a flag may replace it
		config.Clusters[i].Kubeconfig = p.find(config.Clusters[i].Kubeconfig)
	}
	faults = append(faults, contradictions(config, faults)...)
	if len(faults) > 0 {
		faults.Sort(table)
		return nil, faults
	}
	return config, nil
}

// inForce are the providers whose sections are given, in the file or the environment.
// Where there is none of a kind, CDN or DNS, the first of the table is meant.
func inForce(all provider.Table, file map[string]any, set map[string]string) provider.Table {
	given := func(d provider.Definition) bool {
		_, inFile := file[d.Section.Name]
		return inFile || slices.ContainsFunc(slices.Collect(maps.Keys(set)), func(path string) bool { return strings.HasPrefix(path, d.Section.Name+".") })
	}
	var names []model.Provider
	for _, kind := range []provider.Table{all.CDNs(), all.DNS()} {
		chosen := slices.DeleteFunc(slices.Clone(kind), func(d provider.Definition) bool { return !given(d) })
		if len(chosen) == 0 {
			chosen = kind[:1]
		}
		names = append(names, chosen.Names()...)
	}
	return slices.DeleteFunc(slices.Clone(all), func(d provider.Definition) bool { return !slices.Contains(names, d.Name) })
}

// completeCluster fills an entry of clusters.
func completeCluster(cluster *Cluster, table []schema.Key, at string, values map[string]any, known schema.Faults) schema.Faults {
	allow, _ := values["allow"].([]map[string]any)
	delete(values, "allow")
	_, faults := complete(cluster, table, at, values, nil, known)
	nested, _ := schema.Lookup(table, "allow")
	for i, values := range allow {
		var one Allow
		_, more := complete(&one, nested.Keys, fmt.Sprintf("%s.allow[%d]", at, i), values, nil, known)
		faults = append(faults, more...)
		cluster.Allow = append(cluster.Allow, one)
	}
	return faults
}

// completeSection adds the section of a provider that is in force, with its credential.
func completeSection(into *schema.Sections, section schema.Section, file map[string]any, env map[string]string, p places, known schema.Faults) schema.Faults {
	values := section.New()
	credential, faults := complete(values, section.Keys, section.Name, file, env, known)
	if section.Credential == nil {
		into.Put(section.Name, values, nil)
		return faults
	}
	given, more := p.credential(section, credential, slices.Concat(known, faults))
	into.Put(section.Name, values, given)
	return append(faults, more...)
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
// already have a fault get no second one. What is given of a credential is no part of
// target, and returned.
func complete(target any, table []schema.Key, at string, file map[string]any, env map[string]string, known schema.Faults) (credential map[string]any, faults schema.Faults) {
	texts, values := viper.New(), viper.New()
	if err := texts.MergeConfigMap(file); err != nil {
		return nil, schema.Faults{{Key: at, Message: err.Error()}}
	}
	credential = make(map[string]any)
	for _, l := range leaves(table) {
		texts.SetDefault(l.path, l.Default)
		full, origin := join(at, l.path), ""
		if text, set := env[full]; set {
			texts.Set(l.path, text)
			origin = " (set by " + leaf{full, l.Key}.variable() + ")"
		}
		value, more := l.Value(texts.Get(l.path), full)
		if !known.About(full) {
			for _, fault := range more {
				faults = append(faults, schema.Fault{Key: fault.Key, Message: fault.Message + origin})
			}
		}
		if l.Credential {
			credential[l.path] = value
		} else {
			values.Set(l.path, value)
		}
	}
	// The values have their final types, so this fails only where the table
	// and the tags of the struct differ.
	if err := values.UnmarshalExact(target); err != nil {
		faults = append(faults, schema.Fault{Key: join(at, "configuration"), Message: err.Error()})
	}
	return credential, faults
}
