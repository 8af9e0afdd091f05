package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// contradictions finds what is wrong between keys, each of which is right by
// itself.
func contradictions(c *Config, known schema.Faults) schema.Faults {
	var faults schema.Faults
	first := map[string]int{} // cluster by name
	for i, cluster := range c.Clusters {
		name := fmt.Sprintf("clusters[%d].name", i)
		selector := fmt.Sprintf("clusters[%d].label_selector", i)
		class := fmt.Sprintf("clusters[%d].ingress_class", i)
		earlier, taken := first[cluster.Name]
		switch {
		case known.About(name):
		case taken:
			faults = append(faults, schema.Fault{Key: name, Message: fmt.Sprintf("the same as that of clusters[%d]", earlier)})
		default:
			first[cluster.Name] = i
		}
		if cluster.LabelSelector == "" && cluster.IngressClass == "" && !known.About(selector, class) {
			faults = append(faults, schema.Fault{Key: selector, Message: "off, and so is ingress_class: no Ingress would be selected"})
		}
	}
	return slices.Concat(faults, sections(c, known), sharedClasses(c, known), forgottenInUse(c), foreignSecrets(c, known))
}

// sections asks each section what is wrong between its keys.
func sections(c *Config, known schema.Faults) (faults schema.Faults) {
	var clusters []string
	for _, cluster := range c.Clusters {
		clusters = append(clusters, cluster.Name)
	}
	for _, p := range c.Providers {
		if p.Section.Check != nil {
			faults = append(faults, p.Section.Check(schema.Checking{
				Values: c.Sections.Values(p.Section.Name), Owner: c.Owner, Clusters: clusters, Known: known,
			})...)
		}
	}
	return faults
}

// class is an ingress class and the key that names it.
type class struct{ key, name string }

// sharedClasses finds the classes that are those of two CDNs: all Ingresses of such a
// class would go to one of them.
func sharedClasses(c *Config, known schema.Faults) (faults schema.Faults) {
	cdns := c.Providers.CDNs()
	for i, later := range cdns {
		for _, earlier := range cdns[:i] {
			others := c.classes(earlier, known)
			for _, of := range c.classes(later, known) {
				var same []string
				for _, other := range others {
					if other.name == of.name {
						same = append(same, other.key)
					}
				}
				if len(same) > 0 {
					faults = append(faults, schema.Fault{Key: of.key, Message: "the same as " + strings.Join(same, " and ") + ", which is " + earlier.Title +
						"'s: an Ingress of this class could go to one of the CDNs only; give one of them another class"})
				}
			}
		}
	}
	return faults
}

// classes are those of a CDN, as far as they can be judged: its own, or each cluster's.
func (c *Config) classes(d provider.Definition, known schema.Faults) (classes []class) {
	cdn := d.Capabilities(c.Sections)
	if !cdn.ClusterClass {
		classes = append(classes, class{cdn.Section + ".ingress_class", cdn.Class})
	} else {
		for i, cluster := range c.Clusters {
			classes = append(classes, class{fmt.Sprintf("clusters[%d].ingress_class", i), cluster.IngressClass})
		}
	}
	return slices.DeleteFunc(classes, func(c class) bool { return c.name == "" || known.About(c.key) })
}

// forgottenInUse finds what is to be forgotten although the configuration has it.
func forgottenInUse(c *Config) schema.Faults {
	var faults schema.Faults
	for i, name := range c.Sync.Forget {
		used := slices.Contains(c.Providers.CDNs().Names(), model.Provider(name))
		for _, d := range c.Providers.DNS() {
			used = used || slices.Contains(d.DNS.Settings(c.Sections).Publish, name)
		}
		if used {
			faults = append(faults, schema.Fault{Key: fmt.Sprintf("sync.forget[%d]", i), Message: "is in the configuration, so that what stands there is read: take it out of this list"})
		}
	}
	return faults
}

// foreignSecrets finds the Secrets of clusters that the configuration does not
// have.
func foreignSecrets(c *Config, known schema.Faults) schema.Faults {
	var faults schema.Faults
	for _, s := range c.KubeSecrets() {
		if _, ok := c.cluster(s.Ref.Cluster); !ok && !known.About("clusters") {
			faults = append(faults, schema.Fault{Key: s.Key, Message: "names a cluster that is not one of clusters"})
		}
	}
	return faults
}
