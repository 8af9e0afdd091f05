package vultrtest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRelativeName(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		refused    bool
	}{
		{name: "", want: ""},
		{name: "example.com", want: ""},
		{name: "www", want: "www"},
		{name: "www.example.com", want: "www"},
		{name: "WWW.Example.com", want: "www"},
		{name: "a.b", want: "a.b"},
		{name: "*", want: "*"},
		{name: "*.example.com", want: "*"},
		{name: "*.a", want: "*.a"},
		{name: "_edgeward.main", want: "_edgeward.main"},
		{name: "notexample.com", want: "notexample.com"}, // a suffix is one of labels
		{name: "other.org", want: "other.org"},           // that is other.org.example.com
		{name: "a.*", refused: true},
		{name: "@", refused: true},
		{name: ".", refused: true},
		{name: "www.", refused: true},
		{name: "www.example.com.", refused: true},
		{name: "a b", refused: true},
		{name: "a..b", refused: true},
		{name: strings.Repeat("a", 64), refused: true},
		{name: strings.Repeat("a.", 119) + "aaa", want: strings.Repeat("a.", 119) + "aaa"}, // 253 with the zone
		{name: strings.Repeat("a.", 120) + "aa", refused: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := relativeName(tc.name, testZone)
			if got != tc.want || (err != nil) != tc.refused {
				t.Errorf("%q, %v; want %q, refused %t", got, err, tc.want, tc.refused)
			}
		})
	}
}

func TestRecordData(t *testing.T) {
	const (
		quotesMissing = "Record data must be enclosed in quotes"
		quotesInside  = "Quotes may only appear at the beginning and end of the data"
		caaFormat     = `Data must be in the format: [flag] [iodef|issuewild|issue] "domain"`
	)
	for _, tc := range []struct {
		kind, data string
		want       string // what is stored; "": as sent
		refused    string // the text of the refusal
	}{
		{kind: "A", data: "192.0.2.1"},
		{kind: "A", data: " 192.0.2.1 ", want: "192.0.2.1"},
		{kind: "A", data: "192.0.2.256", refused: "Invalid A data"},
		{kind: "A", data: "2001:db8::1", refused: "Invalid A data"},
		{kind: "A", data: "www.example.com", refused: "Invalid A data"},
		{kind: "A", data: "", refused: "Invalid A data"},
		{kind: "AAAA", data: "2001:db8::1"},
		{kind: "AAAA", data: "192.0.2.1", refused: "Invalid AAAA data"},
		{kind: "AAAA", data: "fe80::1%eth0", refused: "Invalid AAAA data"},
		{kind: "CNAME", data: "www.example.com"},
		{kind: "CNAME", data: "www.example.com.", refused: "Invalid CNAME data"},
		{kind: "CNAME", data: "192.0.2.1", refused: "Invalid CNAME data"},
		{kind: "CNAME", data: "https://www.example.com", refused: "Invalid CNAME data"},
		{kind: "NS", data: "ns1.vultr.com"},
		{kind: "NS", data: "ns1.vultr.com.", refused: "Invalid NS data"},
		{kind: "MX", data: "mail.example.com"},
		{kind: "MX", data: "."},
		{kind: "MX", data: "10 mail.example.com", refused: "Invalid MX data"},
		{kind: "MX", data: "mail.example.com.", refused: "Invalid MX data"},
		{kind: "SRV", data: "5 443 www.example.com"},
		{kind: "SRV", data: "0 0 ."},
		{kind: "SRV", data: "10 5 443 www.example.com", refused: "Invalid SRV data"},
		{kind: "SRV", data: "5 65536 www.example.com", refused: "Invalid SRV data"},
		{kind: "SRV", data: "5 443 www.example.com.", refused: "Invalid SRV data"},
		{kind: "SSHFP", data: "1 2 0a1b2c"},
		{kind: "SSHFP", data: "1 2 xyz", refused: "Invalid SSHFP data"},
		{kind: "SSHFP", data: "1 256 0a1b2c", refused: "Invalid SSHFP data"},
		{kind: "CAA", data: `0 issue "letsencrypt.org"`},
		{kind: "CAA", data: `128 iodef "mailto:a@example.com"`},
		{kind: "CAA", data: `0 issue letsencrypt.org`, refused: caaFormat},
		{kind: "CAA", data: `0 issue "letsencrypt.org; validationmethods=dns-01"`, refused: caaFormat},
		{kind: "CAA", data: `0 other "letsencrypt.org"`, refused: caaFormat},
		{kind: "CAA", data: `256 issue "letsencrypt.org"`, refused: caaFormat},
		{kind: "TXT", data: `"heritage=edgeward,edgeward/owner=a"`},
		{kind: "TXT", data: `plain text`, want: `"plain text"`},
		{kind: "TXT", data: `  "trimmed"  `, want: `"trimmed"`},
		{kind: "TXT", data: `"inner space "`},
		{kind: "TXT", data: `""`},
		{kind: "TXT", data: `back\slash`, want: `"back\slash"`},
		{kind: "TXT", data: `"half`, refused: quotesMissing},
		{kind: "TXT", data: `half"`, refused: quotesMissing},
		{kind: "TXT", data: `"`, refused: quotesMissing},
		{kind: "TXT", data: `"a" "b"`, refused: quotesInside},
		{kind: "TXT", data: `a"b`, refused: quotesInside},
		{kind: "TXT", data: `"a\"b"`, refused: quotesInside},
		{kind: "TXT", data: `"v=spf1 ip4:192.0.2.0/24 include:_spf.example.com a mx/24 redirect=x.org ~all"`},
		{kind: "TXT", data: `"v=spf1 ipv4:192.0.2.1 -all"`, refused: "Invalid SPF record"},
		{kind: "TXT", data: `"v=spf10"`, refused: "Invalid SPF record"},
		{kind: "a", data: "192.0.2.1", refused: "Invalid record type"},
		{kind: "PTR", data: "www.example.com", refused: "Invalid record type"},
	} {
		t.Run(tc.kind+" "+tc.data, func(t *testing.T) {
			got, err := checkData(tc.kind, tc.data)
			if tc.refused != "" {
				if err == nil || err.Error() != tc.refused {
					t.Errorf("error %v, want %q", err, tc.refused)
				}
				return
			}
			want := tc.want
			if want == "" {
				want = tc.data
			}
			if err != nil || got != want {
				t.Fatalf("%s, %v; want %s", got, err, want)
			}
			if again, err := checkData(tc.kind, got); err != nil || again != got {
				t.Errorf("sent back, %s becomes %s, %v", got, again, err)
			}
		})
	}
}

func TestRecordsBesideOthers(t *testing.T) {
	others := []Record{
		{Type: "A", Name: "a", Data: "192.0.2.1", TTL: 120},
		{Type: "A", Name: "a", Data: "192.0.2.2", TTL: 120},
		{Type: "CNAME", Name: "c", Data: "www.example.com", TTL: 120},
		{Type: "MX", Data: "mail.example.com", Priority: 10, TTL: 120},
		{Type: "NS", Name: "n", Data: "mail.example.com", TTL: 120},
	}
	for _, tc := range []struct {
		name    string
		rules   recordRules
		r       Record
		wantTTL int    // 0: r's own
		refused string // part of the text
	}{
		{name: "another value", r: Record{Type: "A", Name: "a", Data: "192.0.2.3", TTL: 120}},
		{name: "another value, another TTL", r: Record{Type: "A", Name: "a", Data: "192.0.2.3", TTL: 60}, refused: "TTL of existing records (120)"},
		{name: "another value, TTL by default", r: Record{Type: "A", Name: "a", Data: "192.0.2.3"}, refused: "TTL of existing records (120)"},
		{name: "another value, TTL raised to that of the others", rules: recordRules{minTTL: 120},
			r: Record{Type: "A", Name: "a", Data: "192.0.2.3", TTL: 1}, wantTTL: 120},
		{name: "another type, another TTL", r: Record{Type: "TXT", Name: "a", Data: `"x"`, TTL: 60}},
		{name: "another type, same data", r: Record{Type: "MX", Name: "n", Data: "mail.example.com", TTL: 120}},
		{name: "another name, another TTL", r: Record{Type: "A", Name: "b", Data: "192.0.2.1", TTL: 60}},
		{name: "TTL by default", r: Record{Type: "A", Name: "b", Data: "192.0.2.1"}, wantTTL: 300},
		{name: "TTL raised", rules: recordRules{minTTL: 30}, r: Record{Type: "A", Name: "b", Data: "192.0.2.1", TTL: 29}, wantTTL: 30},
		{name: "TTL not raised", rules: recordRules{minTTL: 30}, r: Record{Type: "A", Name: "b", Data: "192.0.2.1", TTL: 31}},
		{name: "TTL negative", r: Record{Type: "A", Name: "b", Data: "192.0.2.1", TTL: -1}, refused: "TTL"},
		{name: "duplicate", r: Record{Type: "A", Name: "a", Data: "192.0.2.1", TTL: 120}, refused: "already exists"},
		{name: "duplicate, allowed", rules: recordRules{allowDuplicates: true}, r: Record{Type: "A", Name: "a", Data: "192.0.2.1", TTL: 120}},
		{name: "duplicate but for the TTL, allowed", rules: recordRules{allowDuplicates: true},
			r: Record{Type: "A", Name: "a", Data: "192.0.2.1", TTL: 60}, refused: "New records TTL (60) must match the TTL of existing records (120)"},
		{name: "same MX at another priority", r: Record{Type: "MX", Data: "mail.example.com", Priority: 20, TTL: 120}},
		{name: "CNAME beside A", r: Record{Type: "CNAME", Name: "a", Data: "www.example.com", TTL: 120}, refused: "CNAME"},
		{name: "A beside CNAME", r: Record{Type: "A", Name: "c", Data: "192.0.2.1", TTL: 120}, refused: "CNAME"},
		{name: "second CNAME", r: Record{Type: "CNAME", Name: "c", Data: "web.example.com", TTL: 120}, refused: "CNAME"},
		{name: "same CNAME, duplicates allowed", rules: recordRules{allowDuplicates: true},
			r: Record{Type: "CNAME", Name: "c", Data: "www.example.com", TTL: 120}, refused: "CNAME"},
		{name: "CNAME by itself", r: Record{Type: "CNAME", Name: "d", Data: "www.example.com", TTL: 120}},
		{name: "priority too high", r: Record{Type: "MX", Data: "mail.example.com", Priority: 65536, TTL: 120}, refused: "Priority"},
		{name: "priority of default records", r: Record{Type: "A", Name: "b", Data: "192.0.2.1", Priority: -1, TTL: 60}},
		{name: "priority negative", r: Record{Type: "MX", Data: "mail.example.com", Priority: -2, TTL: 120}, refused: "Priority"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.rules.zone = testZone
			got, err := tc.rules.check(tc.r, others)
			if tc.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tc.refused) {
					t.Errorf("error %v, want %q in it", err, tc.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := tc.r
			if tc.wantTTL != 0 {
				want.TTL = tc.wantTTL
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
