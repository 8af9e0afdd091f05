package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/schema"
)

// resolve replaces the names of files by absolute paths and reads the secrets.
// Whether a kubeconfig exists is not looked at: a flag may replace it.
func resolve(c *Config, p places, known schema.Faults) schema.Faults {
	var faults schema.Faults
	for i := range c.Clusters {
		c.Clusters[i].Kubeconfig = p.find(c.Clusters[i].Kubeconfig)
	}
	for _, k := range []struct {
		on            bool
		section, name string
		inline        *schema.Secret
		file          *string
		ref           schema.SecretRef
		check         func(string) error
	}{
		{c.Edgio.On, "edgio", "shared_key", &c.Edgio.SharedKey, &c.Edgio.SharedKeyFile, c.Edgio.Secret, schema.Hexadecimal},
		{true, "vultr", "api_key", &c.Vultr.APIKey, &c.Vultr.APIKeyFile, c.Vultr.Secret, schema.BearerToken},
	} {
		key, secret := k.section+"."+k.name, k.section+".secret"
		if !k.on || known.About(key, key+"_file", secret) {
			continue
		}
		if fault := oneSource(key, *k.inline, *k.file, secret, k.ref); fault != nil {
			faults = append(faults, *fault)
			continue
		}
		if k.ref == (schema.SecretRef{}) {
			var more schema.Faults
			*k.inline, *k.file, more = p.secret(key, *k.inline, *k.file, k.check)
			faults = append(faults, more...)
		}
	}
	return faults
}

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
		if length := len(claimName(c, cluster)); length > schema.MaxName {
			faults = append(faults, schema.Fault{Key: "vultr.domain", Message: fmt.Sprintf(
				"too long: _edgeward.<name of clusters[%d]>.<owner>.<domain> has %d characters, DNS allows %d", i, length, schema.MaxName)})
		}
	}
	return slices.Concat(faults, sharedClass(c, known), forgottenInUse(c), foreignSecrets(c, known))
}

// sharedClass finds the clusters whose class for Edgio is that of Vultr CDN: all of
// its Ingresses would go to one of the two. Without Edgio that class means nothing.
func sharedClass(c *Config, known schema.Faults) schema.Faults {
	const key = "vultr_cdn.ingress_class"
	if !c.Edgio.On || !c.VultrCDN.On || known.About(key) {
		return nil
	}
	var same []string
	for i, cluster := range c.Clusters {
		if class := fmt.Sprintf("clusters[%d].ingress_class", i); cluster.IngressClass == c.VultrCDN.IngressClass && !known.About(class) {
			same = append(same, class)
		}
	}
	if len(same) == 0 {
		return nil
	}
	return schema.Faults{{Key: key, Message: "the same as " + strings.Join(same, " and ") + ", which is Edgio's: an Ingress of this class could go to one of the CDNs only; " +
		"give one of them another class"}}
}

// forgottenInUse finds what is to be forgotten although the configuration has it.
func forgottenInUse(c *Config) schema.Faults {
	var faults schema.Faults
	for i, name := range c.Sync.Forget {
		if name == "edgio" && c.Edgio.On || name == "vultr-cdn" && c.VultrCDN.On || slices.Contains(c.Vultr.PublishZones, name) {
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

// claimName is the name of the TXT record that claims a cluster's part of the
// zone. It is the longest name that cannot be shortened.
func claimName(c *Config, cluster Cluster) string {
	return "_edgeward." + cluster.Name + "." + c.Owner + "." + c.Vultr.Domain
}
