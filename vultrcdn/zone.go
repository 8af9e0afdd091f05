package vultrcdn

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// statusActive is the status of a zone that is served. Any other, also one
// that is not documented, counts as pending.
const statusActive = "active"

// Capabilities are what a pull zone can say. A rule that needs more is refused
// with httpapi.ErrUnsupported before any call. A certificate that was given
// cannot be taken away, only replaced.
func Capabilities() model.CDN {
	return model.CDN{
		Name: Name, Paths: model.WholeHosts, OriginFixed: true, Certificates: true,
		OriginPorts: map[string]int{"http": 80, "https": 443}, Domain: "vultrcdn.com",
	}
}

// ruleOf reduces a pull zone to the fields that are ours.
func ruleOf(z govultr.CDNZone) model.Rule {
	l := parseLabel(z.Label)
	p := model.Protocol{Published: "http", Source: z.OriginScheme, SourcePort: model.PublishedPort(z.OriginScheme), Label: l.mark}
	var certificate *model.Certificate
	if l.fingerprint != "" {
		p.Published = "https"
		certificate = &model.Certificate{Fingerprint: l.fingerprint}
	}
	p.PublishedPort = model.PublishedPort(p.Published)
	return model.Rule{
		ID:          z.ID,
		RuleKey:     model.RuleKey{CDN: Name, Host: model.NormalHost(z.VanityDomain), Path: "/"},
		SourceHost:  model.NormalHost(z.OriginDomain),
		SourcePath:  "/",
		Protocols:   []model.Protocol{p},
		Certificate: certificate,
		Published:   hostOf(z.CDNURL),
		Pending:     z.Status != statusActive,
		Extra:       extraOf(z).String(),
	}
}

// hostOf returns the host of a URL, which may lack its scheme; "" if there is none.
func hostOf(text string) string {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return model.NormalHost(u.Hostname())
}

// expressible says, with httpapi.ErrUnsupported, why no pull zone can do what
// r asks for.
func expressible(r model.Rule) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", httpapi.ErrUnsupported, fmt.Sprintf(format, args...))
	}
	if r.Path != "/" || r.SourcePath != "/" {
		return refuse("a pull zone publishes a whole host, not %s from the origin's %s", r.Path, r.SourcePath)
	}
	if r.Profile != "" {
		return refuse("a pull zone has no service profile such as %s", r.Profile)
	}
	if len(r.Protocols) != 1 {
		return refuse("a pull zone publishes one protocol, not %d", len(r.Protocols))
	}
	p := r.Protocols[0]
	switch port, ok := Capabilities().OriginPorts[p.Source]; {
	case !ok || p.SourcePort != port:
		return refuse("a pull zone asks its origin by http on port 80 or by https on port 443, not by %s on port %d", p.Source, p.SourcePort)
	case p.Published == "https" && (r.Certificate == nil || r.Certificate.Key() == ""):
		return refuse("publishing on https needs a certificate and its key")
	case p.Published != "https" && r.Certificate != nil:
		return refuse("a host with a certificate is published on https, not on %s", p.Published)
	}
	return nil
}

// request is what creates a pull zone that does what r asks for.
func request(r model.Rule) *govultr.CDNZoneReq {
	req := &govultr.CDNZoneReq{
		Label: labelOf(r).String(), OriginScheme: r.Protocols[0].Source, OriginDomain: r.SourceHost, VanityDomain: r.Host,
	}
	if r.Certificate != nil {
		req.SSLCert, req.SSLCertKey = base64Of(r.Certificate.Chain()), base64Of(r.Certificate.Key())
	}
	return req
}

// change is what makes the zone z do what r asks for. It has no origin, as an
// update takes none, and repeats what else was set in the console. The
// certificate is sent again even if it is the same: it may be required with a
// vanity domain.
func change(z govultr.CDNZone, r model.Rule) *govultr.CDNZoneReq {
	req := request(r)
	req.OriginScheme, req.OriginDomain = "", ""
	req.CORS, req.GZIP, req.BlockAI, req.BlockBadBots = &z.CORS, &z.GZIP, &z.BlockAI, &z.BlockBadBots
	return req
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// textOf is what base64Of made the text from.
func textOf(encoded string) string {
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	return string(text)
}
