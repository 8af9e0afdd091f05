package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// recordAttempt is an operation on an address of cluster main.
func recordAttempt(verb model.Verb, ip string, status observed.Status) observed.Attempt[model.Record] {
	op := model.Op[model.Record]{Verb: verb, To: new(model.AddressRecord("nodes.main.acme", ip, 120))}
	if verb == model.Delete {
		op.From, op.To = new(op.New().WithIdentity("of "+ip)), nil
	}
	return observed.Attempt[model.Record]{Op: op, Status: status}
}

// TestSets has one address set in every condition: which addresses stand, what
// is under way, and what is wanted.
func TestSets(t *testing.T) {
	create := func(ip string, status observed.Status) observed.Attempt[model.Record] {
		return recordAttempt(model.Create, ip, status)
	}
	tests := map[string]struct {
		standing []string // addresses
		missing  []string // of those, what the last list did not show
		attempts []observed.Attempt[model.Record]
		nodes    []string // addresses
		want     []string // operations
		state    string   // of the rule, which stands
	}{
		"exact":                        {standing: []string{"192.0.2.1"}, nodes: []string{"192.0.2.1"}, state: "synced"},
		"one to make":                  {standing: []string{"192.0.2.1"}, nodes: []string{"192.0.2.1", "192.0.2.2"}, want: []string{"create nodes.main 192.0.2.2"}, state: "pending"},
		"one too many":                 {standing: []string{"192.0.2.1", "192.0.2.2"}, nodes: []string{"192.0.2.1"}, want: []string{"delete nodes.main 192.0.2.2"}, state: "pending"},
		"one to make, one too many":    {standing: []string{"192.0.2.1", "192.0.2.2"}, nodes: []string{"192.0.2.1", "192.0.2.3"}, want: []string{"create nodes.main 192.0.2.3"}, state: "pending"},
		"the new one under way":        {standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{create("192.0.2.3", observed.InFlight)}, nodes: []string{"192.0.2.1", "192.0.2.3"}, state: "pending"},
		"the new one's reply was lost": {standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{create("192.0.2.3", observed.Unknown)}, nodes: []string{"192.0.2.1", "192.0.2.3"}, want: []string{"look up"}, state: "pending"},
		"the new one was refused: what is dead still goes": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{create("192.0.2.3", observed.BackingOff)}, nodes: []string{"192.0.2.1", "192.0.2.3"},
			want: []string{"delete nodes.main 192.0.2.2", "create nodes.main 192.0.2.3"}, state: "error",
		},
		"the only new one was refused: the last one stays": {
			standing: []string{"192.0.2.1"}, attempts: []observed.Attempt[model.Record]{create("192.0.2.3", observed.BackingOff)}, nodes: []string{"192.0.2.3"},
			want: []string{"create nodes.main 192.0.2.3"}, state: "error",
		},
		"none usable until the new one is sure": {
			standing: []string{"192.0.2.1"}, attempts: []observed.Attempt[model.Record]{create("192.0.2.3", observed.InFlight)}, nodes: []string{"192.0.2.3"}, state: "pending",
		},
		"one missing from the list": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, missing: []string{"192.0.2.1"}, nodes: []string{"192.0.2.1"},
			want: []string{"look up"}, state: "pending",
		},
		"a surplus one missing from the list": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, missing: []string{"192.0.2.2"}, nodes: []string{"192.0.2.1"},
			want: []string{"look up"}, state: "pending",
		},
		"a deletion under way": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{recordAttempt(model.Delete, "192.0.2.2", observed.InFlight)}, nodes: []string{"192.0.2.1"}, state: "pending",
		},
		"a deletion under way of what is wanted again": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{recordAttempt(model.Delete, "192.0.2.1", observed.InFlight)}, nodes: []string{"192.0.2.1"}, state: "pending",
		},
		"a deletion's reply was lost": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{recordAttempt(model.Delete, "192.0.2.2", observed.Unknown)}, nodes: []string{"192.0.2.1"},
			want: []string{"look up"}, state: "pending",
		},
		"a deletion was refused": {
			standing: []string{"192.0.2.1", "192.0.2.2"}, attempts: []observed.Attempt[model.Record]{recordAttempt(model.Delete, "192.0.2.2", observed.BackingOff)}, nodes: []string{"192.0.2.1"},
			want: []string{"delete nodes.main 192.0.2.2"}, state: "pending",
		},
		"no node left": {standing: []string{"192.0.2.1", "192.0.2.2"}, state: "synced"},
		"a search is under way already": {
			standing: []string{"192.0.2.1"}, missing: []string{"192.0.2.1"}, nodes: []string{"192.0.2.1"},
			attempts: []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.LookUp}, Status: observed.InFlight}}, state: "pending",
		},
		"a search failed": {
			standing: []string{"192.0.2.1"}, missing: []string{"192.0.2.1"}, nodes: []string{"192.0.2.1"},
			attempts: []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.LookUp}, Status: observed.BackingOff}}, want: []string{"look up"}, state: "pending",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n", "192.0.2.250")))
			s.Records.Objects = s.Records.Objects[:1] // the claim
			for _, ip := range test.standing {
				s.Records.Objects = append(s.Records.Objects, new(model.AddressRecord("nodes.main.acme", ip, 120).WithIdentity("of "+ip)))
			}
			s.Records.Missing = make(map[string]bool)
			for _, ip := range test.missing {
				s.Records.Missing["of "+ip] = true
			}
			s.Records.Attempts = test.attempts
			objects := []any{fixture.Shop(), fixture.Web()}
			for _, ip := range test.nodes {
				objects = append(objects, fixture.Node("n"+ip, ip))
			}
			s.change(true, fixture.Cluster("main", objects...))
			s.AllowDelete = true
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if got, _, _ := strings.Cut(s.states()[0], " "); got != test.state {
				t.Errorf("state %q, want %s", s.states(), test.state)
			}
			if stale := len(test.nodes) == 0; (s.step.Stale["nodes.main.acme"] != Stale{}) != stale {
				t.Errorf("stale %v, want %v", s.step.Stale, stale)
			}
		})
	}
}

// TestUnproven has addresses that only lists have shown which may be older than
// their deletion. Before others go for their sake, one is read by itself.
func TestUnproven(t *testing.T) {
	const a, b, c = "192.0.2.1", "192.0.2.2", "192.0.2.3"
	tests := map[string]struct {
		standing []string // each "192.0.2.1" or, a second record of it, "192.0.2.1 twin"
		ttl      int      // of the addresses, below the wanted one
		unproven []string
		more     string // another address that shall stand
		want     []string
		state    string
	}{
		"all are certain":                       {standing: []string{a, b, c}, want: []string{"delete " + b, "delete " + c}, state: "pending"},
		"all are unproven":                      {standing: []string{a, b}, unproven: []string{a, b}, want: []string{"verify " + a}, state: "pending"},
		"what shall stand is":                   {standing: []string{a, b}, unproven: []string{a}, want: []string{"verify " + a}, state: "pending"},
		"what goes is":                          {standing: []string{a, b}, unproven: []string{b}, want: []string{"delete " + b}, state: "pending"},
		"nothing goes":                          {standing: []string{a}, unproven: []string{a}, state: "synced"},
		"one with a twin is":                    {standing: []string{a, a + " twin"}, unproven: []string{a, a + " twin"}, want: []string{"verify " + a}, state: "synced"},
		"a certain one has a twin":              {standing: []string{a, a + " twin"}, unproven: []string{a + " twin"}, want: []string{"delete " + a + " twin"}, state: "synced"},
		"another is made first":                 {standing: []string{a, b}, unproven: []string{a, b}, more: c, want: []string{"create "}, state: "pending"},
		"the TTL changes, and all are unproven": {standing: []string{a, b}, ttl: 60, unproven: []string{a, b}, want: []string{"verify " + a}, state: "pending"},
		"the TTL changes":                       {standing: []string{a, b}, ttl: 60, unproven: []string{b}, want: []string{"delete " + b}, state: "pending"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			objects := []any{fixture.Shop(), fixture.Web(), fixture.Node("n", a)}
			if test.more != "" {
				objects = append(objects, fixture.Node("m", test.more))
			}
			s := settled(fixture.Settings(), fixture.Cluster("main", objects...))
			s.Records.Objects = s.Records.Objects[:1] // the claim
			for _, id := range test.standing {
				ip, _, _ := strings.Cut(id, " ")
				s.Records.Objects = append(s.Records.Objects, new(model.AddressRecord("nodes.main.acme", ip, 120-test.ttl).WithIdentity(id)))
			}
			s.Records.Unproven = make(map[string]bool)
			for _, id := range test.unproven {
				s.Records.Unproven[id] = true
			}
			s.AllowDelete = true
			if diff := cmp.Diff(test.want, byID(s)); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if got, _, _ := strings.Cut(s.states()[0], " "); got != test.state {
				t.Errorf("state %q, want %s", s.states(), test.state)
			}
			for i, op := range s.step.Records {
				if op.Verb == model.Verify { // while that is under way it is not done again
					s.Records.Attempts = append(s.Records.Attempts, observed.Attempt[model.Record]{Op: s.step.Records[i], Status: observed.InFlight})
				}
			}
			if s.Records.Attempts != nil {
				if got := byID(s); got != nil {
					t.Errorf("while it is read: %q", got)
				}
			}
		})
	}
}

// byID asks for the operations on records, with the IDs of what they concern.
func byID(s *stage) (lines []string) {
	s.ask()
	for _, op := range s.step.Records {
		id := op.Old().ID
		if op.Verb == model.Verify {
			id = op.New().ID
		}
		lines = append(lines, string(op.Verb)+" "+id)
	}
	return lines
}

// TestRuleOverUnproven has a rule that is to be made over addresses that only a
// list too old may have shown, and a host to be led on the strength of such a mark.
func TestRuleOverUnproven(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Rules.Objects = nil
	s.Records.Unproven = make(map[string]bool)
	for _, r := range s.Records.Objects[1:] {
		s.Records.Unproven[r.ID] = true
	}
	if got, want := byID(s), []string{"verify " + s.Records.Objects[1].ID}; !slices.Equal(got, want) || len(s.step.Rules) > 0 {
		t.Errorf("it does %q and %d operations at rules, want %q", got, len(s.step.Rules), want)
	}
	if got, want := s.states(), []string{"pending www.example.com/a: it is made sure that the addresses of " + fixture.NodesHost + " stand"}; !slices.Equal(got, want) {
		t.Errorf("states %q, want %q", got, want)
	}
	delete(s.Records.Unproven, s.Records.Objects[1].ID)
	if got := s.ask(); !slices.Equal(got, []string{"create rule www.example.com/a for shop"}) {
		t.Errorf("then it does %q", got)
	}

	s = settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	i := slices.IndexFunc(s.Records.Objects, func(r *model.Record) bool { return r.Name == "_edgeward.www" })
	mark := s.Records.Objects[i].ID
	s.Records.Objects = slices.DeleteFunc(s.Records.Objects, func(r *model.Record) bool { return r.Name == "www" })
	s.Records.Unproven = map[string]bool{mark: true}
	if got, want := byID(s), []string{"verify " + mark}; !slices.Equal(got, want) {
		t.Errorf("for the host it does %q, want %q", got, want)
	}
}

// TestRuleWithoutKey has a new rule whose set has one address and two to make
// that nobody has tried to make yet. It does not wait for these while DNS refuses
// our key; the address of a node that is gone stays until they stand.
func TestRuleWithoutKey(t *testing.T) {
	for name, test := range map[string]struct {
		refused bool
		stood   []string // addresses
		want    []string
		state   string
	}{
		"a key that is taken": {false, []string{"192.0.2.1"}, []string{"create nodes.main 192.0.2.2", "create nodes.main 192.0.2.3"},
			"pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"},
		"a refused key": {true, []string{"192.0.2.1", "192.0.2.9"}, []string{
			"create rule www.example.com/a for shop", "create nodes.main 192.0.2.2", "create nodes.main 192.0.2.3",
		}, "pending www.example.com/a: on the way"},
		"a refused key, and no address stands": {true, []string{"192.0.2.9"}, []string{
			"create nodes.main 192.0.2.1", "create nodes.main 192.0.2.2", "create nodes.main 192.0.2.3",
		}, "error www.example.com/a: no address of " + fixture.NodesHost + " could be made"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.Settings(), fixture.Cluster("main", append(fixture.Usual(), fixture.Node("n3", "192.0.2.3"))...))
			s.ask()
			s.do() // the claim
			s.Records.Refused = test.refused
			for _, ip := range test.stood {
				s.Records.Objects = append(s.Records.Objects, new(model.AddressRecord("nodes.main.acme", ip, 120).WithIdentity("of "+ip)))
			}
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{test.state}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNewRuleAndItsSet has a rule that is to be made: only once its addresses
// stand, but what the provider refuses does not keep it for ever.
func TestNewRuleAndItsSet(t *testing.T) {
	tests := map[string]struct {
		first  observed.Status // of the creation of one address; the other one
		second observed.Status
		want   []string
		state  string
	}{
		"both under way":  {observed.InFlight, observed.InFlight, nil, "pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"},
		"one refused":     {observed.BackingOff, observed.InFlight, []string{"create nodes.main 192.0.2.1"}, "pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"},
		"both refused":    {observed.BackingOff, observed.BackingOff, []string{"create nodes.main 192.0.2.1", "create nodes.main 192.0.2.2"}, "error www.example.com/a: no address of " + fixture.NodesHost + " could be made"},
		"one reply lost":  {observed.Unknown, observed.BackingOff, []string{"look up", "create nodes.main 192.0.2.2"}, "pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"},
		"one stands":      {-1, observed.InFlight, nil, "pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"},
		"one stands only": {-1, observed.BackingOff, []string{"create rule www.example.com/a for shop", "create nodes.main 192.0.2.2"}, "pending www.example.com/a: on the way"},
		"both stand":      {-1, -1, []string{"create rule www.example.com/a for shop"}, "pending www.example.com/a: on the way"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.ask()
			s.do() // the claim
			for ip, status := range map[string]observed.Status{"192.0.2.1": test.first, "192.0.2.2": test.second} {
				if status < 0 {
					s.Records.Objects = append(s.Records.Objects, new(model.AddressRecord("nodes.main.acme", ip, 120).WithIdentity("of "+ip)))
				} else {
					s.Records.Attempts = append(s.Records.Attempts, recordAttempt(model.Create, ip, status))
				}
			}
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{test.state}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if open := s.step.Open[fixture.ShopID()]; !open.Rules || open.Records != (test.first >= 0 || test.second >= 0) {
				t.Errorf("open %+v", open)
			}
		})
	}
}

// TestTTL changes the TTL of all records: Vultr refuses two TTLs in one record
// set, so one address stays throughout, and at no time are there two TTLs.
func TestTTL(t *testing.T) {
	three := append(fixture.Usual(), fixture.Node("n3", "192.0.2.3"))
	tests := map[string]struct {
		after []any // cluster main's objects once the TTL is 60
		want  []string
	}{
		"the TTL alone": {three, []string{
			"0s: update claim main at 60",
			"0s: delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3",
			"0s: update nodes.main 192.0.2.1 at 60",
			"0s: create nodes.main 192.0.2.2 at 60, create nodes.main 192.0.2.3 at 60",
		}},
		"a node goes, too": {[]any{fixture.Shop(), fixture.Web(), fixture.Node("n2", "192.0.2.2")}, []string{
			"0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.3, update claim main at 60",
			"0s: update nodes.main 192.0.2.2 at 60",
		}},
		"all nodes are replaced, too": {[]any{fixture.Shop(), fixture.Web(), fixture.Node("n4", "192.0.2.4"), fixture.Node("n5", "192.0.2.5")}, []string{
			"0s: update claim main at 60",
			"0s: create nodes.main 192.0.2.4", // at the old TTL
			"0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3",
			"0s: update nodes.main 192.0.2.4 at 60",
			"0s: create nodes.main 192.0.2.5 at 60",
		}},
		"no node is left: the addresses stay as they are": {[]any{fixture.Shop(), fixture.Web()}, []string{"0s: update claim main at 60"}},
		"its rule goes: until then it follows": {three[2:], []string{
			"0s: update claim main at 60",
			"0s: delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3",
			"0s: update nodes.main 192.0.2.1 at 60",
			"0s: create nodes.main 192.0.2.2 at 60, create nodes.main 192.0.2.3 at 60",
			"10s: delete rule www.example.com/a",
			"1m10s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", three...))
			s.Settings.TTL = 60
			s.change(true, fixture.Cluster("main", test.after...))
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTTLOneAtATime stops the change of a TTL at every point at which another
// operation of the set is under way or in doubt.
func TestTTLOneAtATime(t *testing.T) {
	old := func(ip string) model.Record {
		return model.AddressRecord("nodes.main.acme", ip, 120).WithIdentity("of " + ip)
	}
	update := func(status observed.Status) observed.Attempt[model.Record] {
		return observed.Attempt[model.Record]{Op: model.Op[model.Record]{Verb: model.Update, From: new(old("192.0.2.1")), To: new(model.AddressRecord("nodes.main.acme", "192.0.2.1", 60))}, Status: status}
	}
	tests := map[string]struct {
		standing []model.Record
		attempts []observed.Attempt[model.Record]
		want     []string
	}{
		"two stand":                      {[]model.Record{old("192.0.2.1"), old("192.0.2.2")}, nil, []string{"delete nodes.main 192.0.2.2"}},
		"the other one is being deleted": {[]model.Record{old("192.0.2.1"), old("192.0.2.2")}, []observed.Attempt[model.Record]{recordAttempt(model.Delete, "192.0.2.2", observed.InFlight)}, nil},
		"that was lost":                  {[]model.Record{old("192.0.2.1"), old("192.0.2.2")}, []observed.Attempt[model.Record]{recordAttempt(model.Delete, "192.0.2.2", observed.Unknown)}, []string{"look up"}},
		"one is left":                    {[]model.Record{old("192.0.2.1")}, nil, []string{"update nodes.main 192.0.2.1 at 60"}},
		"one is left, another being made at the old TTL":             {[]model.Record{old("192.0.2.1")}, []observed.Attempt[model.Record]{recordAttempt(model.Create, "192.0.2.2", observed.InFlight)}, nil},
		"another being made at the old TTL, none is made at the new": {[]model.Record{model.AddressRecord("nodes.main.acme", "192.0.2.1", 60).WithIdentity("x")}, []observed.Attempt[model.Record]{recordAttempt(model.Create, "192.0.2.7", observed.InFlight)}, nil},
		"its TTL is being changed":                                   {[]model.Record{old("192.0.2.1")}, []observed.Attempt[model.Record]{update(observed.InFlight)}, nil},
		"that was lost, too":                                         {[]model.Record{old("192.0.2.1")}, []observed.Attempt[model.Record]{update(observed.Unknown)}, []string{"look up"}},
		"that was refused":                                           {[]model.Record{old("192.0.2.1")}, []observed.Attempt[model.Record]{update(observed.BackingOff)}, []string{"update nodes.main 192.0.2.1 at 60"}},
		"it has two records":                                         {[]model.Record{old("192.0.2.1"), old("192.0.2.1").WithIdentity("twin")}, nil, []string{"delete nodes.main 192.0.2.1"}},
		"the dead one was refused a successor":                       {[]model.Record{old("192.0.2.7")}, []observed.Attempt[model.Record]{recordAttempt(model.Create, "192.0.2.1", observed.BackingOff)}, []string{"create nodes.main 192.0.2.1"}},
		"the dead one's successor is being made":                     {[]model.Record{old("192.0.2.7")}, []observed.Attempt[model.Record]{recordAttempt(model.Create, "192.0.2.1", observed.InFlight)}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.Settings.TTL = 60
			s.record(t, ownClaim("main", fixture.Edgio)).TTL = 60
			s.Records.Objects = append(s.Records.Objects[:1:1], observed.Refs(test.standing)...)
			s.Records.Attempts = test.attempts
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeptTTL has a provider that keeps 60 where 1 was asked for. The claim
// shows it: all others follow the claim, whose change is tried again only as
// the back-off of a failed operation allows, and holds nothing up.
func TestKeptTTL(t *testing.T) {
	set := fixture.Settings()
	set.TTL = 1
	s := newStage(set, fixture.Cluster("main", fixture.Usual()...))
	kept := model.Record{ID: "c", Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: ownClaim("main", fixture.Edgio), TTL: 60}
	ask := kept.WithIdentity("")
	ask.TTL = 1
	s.Records.Objects = []*model.Record{&kept}
	s.Records.Attempts = []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Create, To: &ask}, Status: observed.BackingOff}}
	for _, want := range [][]string{
		{"update claim main at 1", "create nodes.main 192.0.2.1 at 60", "create nodes.main 192.0.2.2 at 60"},
		{"create rule www.example.com/a for shop", "update claim main at 1"},
		{"update claim main at 1"},
	} {
		if diff := cmp.Diff(want, s.ask()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		s.do()
		s.record(t, kept.Data).TTL = 60 // whatever was asked
		s.Records.Attempts = []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Update, From: &kept, To: &ask}, Status: observed.BackingOff}}
	}
	if diff := cmp.Diff([]string{"synced www.example.com/a"}, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// TestClaimTTLFirst has the claim's TTL being changed: sets wait for its
// outcome, since it tells what TTL the provider keeps.
func TestClaimTTLFirst(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Settings.TTL = 60
	s.change(true, fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3")))
	if diff := cmp.Diff([]string{"update claim main at 60"}, s.ask()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	s.Records.Attempts = []observed.Attempt[model.Record]{{Op: s.step.Records[0], Status: observed.InFlight}}
	if diff := cmp.Diff([]string(nil), s.ask()); diff != "" {
		t.Errorf("meanwhile (-want +got):\n%s", diff)
	}
}

// TestLargeSets has how many nodes are too many for one answer of DNS.
func TestLargeSets(t *testing.T) {
	for _, test := range []struct {
		v4, v6 int
		warns  bool
	}{{64, 0, false}, {65, 0, true}, {36, 36, false}, {37, 37, true}} {
		objects := []any{fixture.Shop(), fixture.Web()}
		for i := range test.v4 {
			n := fixture.Node(fmt.Sprint("n", i), fmt.Sprint("192.0.2.", i+1))
			if i < test.v6 {
				n = fixture.DualNode(n.Name, n.Addresses[0].Address, fmt.Sprint("2001:db8::", i+1))
			}
			objects = append(objects, n)
		}
		s := newStage(fixture.Settings(), fixture.Cluster("main", objects...))
		s.run()
		warns := slices.ContainsFunc(s.step.Notices, func(n model.Notice) bool {
			return strings.Contains(n.Text, "nodes.main.acme.k8s.example.net has more addresses than many resolvers take")
		})
		if warns != test.warns {
			t.Errorf("%d and %d: notices %v", test.v4, test.v6, s.step.Notices)
		}
	}
}
