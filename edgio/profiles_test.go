package edgio

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
)

func TestProfiles(t *testing.T) {
	api := edgiotest.NewAccount(edgiotest.Options{
		Username: testUser, SharedKey: testKey, Shortname: testShortname, Profiles: []string{"LLNW-Generic", "Large"},
	})
	client, _ := newClient(t, api)
	got, err := client.Profiles(t.Context())
	if diff := cmp.Diff([]string{"LLNW-Generic", "Large"}, got); err != nil || diff != "" {
		t.Errorf("error %v, profiles (-want +got):\n%s", err, diff)
	}
}

func TestProfilesOfOtherReplies(t *testing.T) {
	for _, tc := range []struct {
		name, reply string
		want        []string
		ok          bool
	}{
		{"some that cannot be told", `{"results":[7,null,{"name":"A"},{"body":{"name":7}},{"body":{"name":"B"}}]}`, []string{"B"}, true},
		{"another shape", `{"profiles":[{"body":{"name":"A"}}]}`, nil, true},
		{"a bare list", `[]`, nil, false},
		{"garbled", `{"results":[`, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, client := scripted(t, exchange{"GET /svcprof/delivery/shortname/acme", 200, tc.reply})
			got, err := client.Profiles(t.Context())
			if diff := cmp.Diff(tc.want, got); (err == nil) != tc.ok || diff != "" {
				t.Errorf("error %v, profiles (-want +got):\n%s", err, diff)
			}
		})
	}
}
