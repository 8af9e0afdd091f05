package monitoring

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
)

// readScrape reads scrape.yaml as Prometheus does.
func readScrape(t *testing.T) *config.Config {
	t.Helper()
	cfg, err := config.LoadFile("scrape.yaml", false, promslog.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// scrapeJob returns the job and the first target of scrape.yaml, the labels
// that Prometheus gives to what it scrapes.
func scrapeJob(t *testing.T) (job, instance string) {
	t.Helper()
	configs, err := readScrape(t).GetScrapeConfigs()
	if err != nil || len(configs) != 1 {
		t.Fatalf("scrape.yaml: %d jobs, error %v", len(configs), err)
	}
	for _, d := range configs[0].ServiceDiscoveryConfigs {
		if static, ok := d.(discovery.StaticConfig); ok {
			return configs[0].JobName, string(static[0].Targets[0][model.AddressLabel])
		}
	}
	t.Fatal("scrape.yaml: no static target")
	return "", ""
}

// TestScrape: the example scrapes an edgeward with the defaults and loads the
// rules beside it.
func TestScrape(t *testing.T) {
	example, err := os.ReadFile("../config.yaml.example")
	if err != nil {
		t.Fatal(err)
	}
	listen := regexp.MustCompile(`(?m)^  #?listen: (\S+)`).FindSubmatch(example)
	if listen == nil {
		t.Fatal("config.yaml.example: no metrics.listen")
	}
	if _, target := scrapeJob(t); target != string(listen[1]) {
		t.Errorf("scrapes %s, but edgeward listens on %s", target, listen[1])
	}
	if diff := cmp.Diff([]string{"alerts.yaml"}, readScrape(t).RuleFiles); diff != "" {
		t.Errorf("rule files (-want +got):\n%s", diff)
	}
}
