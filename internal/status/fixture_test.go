package status

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

// now is when every overview was made.
func now() time.Time { return time.Unix(1e9, 0).UTC() }

func settings() model.Settings {
	return fixture.Settings()
}

// cluster is a ready cluster with two nodes, Service web and the Ingresses.
func cluster(name string, ingresses ...*kube.Ingress) desired.Cluster {
	return desired.Cluster{
		Name: name, AddressTypes: []string{"ExternalIP"}, NotReadyDelay: 30 * time.Second, Ready: true, UID: "uid-" + name,
		Services: []kube.Service{{Meta: kube.Meta{Namespace: "shop", Name: "web"}, Type: "NodePort",
			Ports: []kube.ServicePort{{Name: "http", Protocol: "TCP", Port: 80, NodePort: 30080}}}},
		Nodes:     []kube.Node{node("n1", "192.0.2.1"), node("n2", "192.0.2.2")},
		Ingresses: ingresses,
	}
}

func node(name, address string) kube.Node {
	return kube.Node{Meta: kube.Meta{Name: name}, Ready: true, Addresses: []kube.NodeAddress{{Type: "ExternalIP", Address: address}}}
}

// ingress publishes a path of a host from Service web.
func ingress(name, host, path string) *kube.Ingress {
	return &kube.Ingress{
		Meta: kube.Meta{Namespace: "shop", Name: name}, Created: now(),
		Rules: []kube.IngressRule{{Host: host, Paths: []kube.IngressPath{{
			Path: path, Type: "Exact", Backend: kube.Backend{Service: "web", PortName: "http"},
		}}}},
	}
}

// settled is the overview when all that the clusters want stands. Rules have
// their place as ID, records their key.
func settled(clusters ...desired.Cluster) *outcome.Overview {
	o := &outcome.Overview{At: now(), Settings: settings(), Nodes: make(map[string][]kube.Node)}
	synced := make(map[model.IngressID]time.Time)
	o.LastSync = func(id model.IngressID) time.Time { return synced[id] }
	o.Want = desired.Desired(clusters, o.Settings, o.At)
	for _, r := range o.Want.Routes {
		if r.Wanted() {
			o.Rules = append(o.Rules, new(r.Rule.WithIdentity("rule-"+r.Key.String())))
			synced[r.Ingress] = now().Add(-time.Minute)
		}
	}
	record := func(name, kind, data string) {
		r := model.Record{Name: name, Type: kind, Data: data, TTL: 120}
		o.Records = append(o.Records, new(r.WithIdentity(r.Key().String())))
	}
	for _, c := range clusters {
		record(model.OwnershipName(c.Name, "acme"), "TXT", model.Ownership{Owner: "acme", UID: c.UID, CDNs: []model.Provider{fixture.Edgio}}.String())
		o.Nodes[c.Name] = c.Nodes
	}
	for name, set := range o.Want.Sets {
		for _, a := range set.Addresses {
			if strings.HasPrefix(name, model.NodesSet+".") { // the one that the routes use
				record(name, "A", a)
			}
		}
	}
	for _, target := range []model.Provider{fixture.Edgio, fixture.Vultr} {
		o.Providers = append(o.Providers, outcome.Provider{Name: target, Reachable: true, Read: now().Add(-time.Minute), NextRead: now().Add(9 * time.Minute)})
	}
	return replanned(o)
}

// replanned has the plan look at an overview that was changed.
func replanned(o *outcome.Overview) *outcome.Overview {
	step := plan.Next(plan.Input{
		Want: o.Want, Settings: o.Settings, Now: o.At,
		Rules:   observed.View[model.Rule]{Known: true, Read: o.At, Objects: o.Rules},
		Records: observed.View[model.Record]{Known: true, Read: o.At, Objects: o.Records},
	})
	step.Rules, step.Records, step.Memory = nil, nil, plan.Memory{}
	o.Step = step
	return o
}

// many is the overview of n Ingresses in sync, but for one in a hundred, whose
// Service does not exist.
func many(n int) *outcome.Overview {
	var list []*kube.Ingress
	for i := range n {
		ing := ingress(fmt.Sprintf("ing-%04d", i), fmt.Sprintf("h%d.example.com", i), "/a")
		if i%100 == 0 {
			ing.Rules[0].Paths[0].Backend.Service = "none"
		}
		list = append(list, ing)
	}
	return settled(cluster("main", list...))
}

// handlerOf answers with what one overview holds.
func handlerOf(o *outcome.Overview) http.Handler {
	return Handler("v1.2.3", func() *outcome.Overview { return o })
}

// get asks a handler for a URL.
func get(h http.Handler, url string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
	return w
}
