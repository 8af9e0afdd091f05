package packaging

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// versions are what `git describe` says and the package's version, in the
// order in which they follow each other.
var versions = []struct{ description, want string }{
	{"270a555", "0.0.0~git20260701.093000.270a555"},
	{"270a555-dirty", "0.0.0~git20260701.093000.270a555.dirty"},
	{"devel", "0.0.0~git20260701.093000.devel"}, // not even a repository
	{"v1.0.0-rc1", "1.0.0~rc1"},
	{"v1.0.0-rc1-3-g270a555", "1.0.0~rc1+3.g270a555"},
	{"v1.0.0-rc2", "1.0.0~rc2"},
	{"v1.0.0", "1.0.0"},
	{"v1.0.0-dirty", "1.0.0+0.dirty"},
	{"v1.0.0-3-g270a555", "1.0.0+3.g270a555"},
	{"v1.0.0-3-g270a555-dirty", "1.0.0+3.g270a555.dirty"},
	{"v1.0.1", "1.0.1"},
	{"1.0.2", "1.0.2"}, // a tag without the v
	{"v1.10.0", "1.10.0"},
}

func TestVersion(t *testing.T) {
	for _, test := range versions {
		t.Run(test.description, func(t *testing.T) {
			got, err := exec.Command("../../packaging/version.sh", test.description, "1782898200").Output()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want+"\n", string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVersionRefusesWhatNoPackageCanHave(t *testing.T) {
	output, err := exec.Command("../../packaging/version.sh", "v1.0.0 beta", "0").CombinedOutput()
	if err == nil || !strings.Contains(string(output), "v1.0.0 beta: only letters") {
		t.Errorf("%v, %q", err, output)
	}
}

func TestVersionsSortAsMeant(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("Debian's rules are known to dpkg only: ", err)
	}
	for i, later := range versions[1:] {
		earlier := versions[i]
		if err := exec.Command("dpkg", "--compare-versions", earlier.want, "lt", later.want).Run(); err != nil {
			t.Errorf("%s is not before %s: %v", earlier.want, later.want, err)
		}
	}
}
