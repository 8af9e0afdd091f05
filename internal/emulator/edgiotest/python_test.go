package edgiotest

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRequestsOfTheSDK sends what the Python SDK has sent, byte for byte, as it was
// recorded at this emulator over TLS on a port of its own: first on behalf of the
// demo that edgeward's first version was made after, run twice, then call by call.
// Its signatures were made by the SDK.
func TestRequestsOfTheSDK(t *testing.T) {
	var now time.Time
	a := NewAccount(Options{
		Username: testUser, SharedKey: testKey, Shortname: testShortname,
		RefuseDuplicates: true, Now: func() time.Time { return now },
	})
	// The UUIDs that the instances had, in the order of their creation.
	uuids := []string{"0f3e39f2-cd0d-4365-87b3-c50f560f2415", "c3f980c9-1795-404d-b040-1a59d0325331"}
	for _, call := range []struct {
		name        string
		at          int64 // Unix milliseconds
		method, uri string
		body, token string
		status      int
		want        string // in the reply
	}{
		{"the demo searches", 1796072618472, "GET", "/config-api/v1/svcinst/delivery/shortname/acme/searchAuto?body.publishedUrlPath=%2Fmypath%2F&body.publishedHostname=www.example.com",
			``,
			"b7ac549d4e53937297a2d99db9007ea76e93629e48168f47b97176bbd3d0ab72", 200, `"results":[]`},
		{"the demo creates, with an empty source path", 1796072618490, "POST", "/config-api/v1/svcinst/delivery",
			`{"body": {"serviceKey": {"name": "delivery"}, "publishedHostname": "www.example.com", "sourceHostname": "origin.k8s.example.net", "publishedUrlPath": "/mypath/", "sourceUrlPath": "", "serviceProfileName": "LLNW-Generic", "protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "http", "options": [], "publishedPort": 443, "sourcePort": 80}]}, "accounts": [{"shortname": "acme"}]}`,
			"74d8e992fe2e1371c72110a3b4b223cae10cda80e133329661c80b229bba7a3f", 200, `"sourceUrlPath":"/"`},
		{"it searches again", 1796072619081, "GET", "/config-api/v1/svcinst/delivery/shortname/acme/searchAuto?body.publishedUrlPath=%2Fmypath%2F&body.publishedHostname=www.example.com",
			``,
			"e578b1d6b0938afd5142792458a7b7ffba27998f7040fcb849d7704316fef4f4", 200, `"uuid":"0f3e39f2`},
		{"and updates what it found", 1796072619100, "PUT", "/config-api/v1/svcinst/delivery/0f3e39f2-cd0d-4365-87b3-c50f560f2415",
			`{"accounts": [{"shortname": "acme"}], "body": {"protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "http", "options": [], "publishedPort": 443, "sourcePort": 80}], "publishedHostname": "www.example.com", "publishedUrlPath": "/mypath/", "serviceKey": {"name": "delivery"}, "serviceProfileName": "LLNW-Generic", "sourceHostname": "origin.k8s.example.net", "sourceUrlPath": "/"}, "isEnabled": true, "isLatest": true, "meta": {"manifestVersion": "4", "serviceIdentifier": "deliverysvcinst", "serviceKey": "delivery"}, "uuid": "0f3e39f2-cd0d-4365-87b3-c50f560f2415"}`,
			"08c3ed645e563c1b5c5ffa3cd56c809061c0ebc5dbe6e83b2ccb1ec89ffdb6fc", 200, `"versionNumber":2`},
		{"health", 1796072641415, "GET", "/config-api/v1/health/check",
			``,
			"6b9c467bb38a1167036909d2d1b1744ce42b7593e7dd3a8d81c37482749fcf2e", 200, `OK`},
		{"status", 1796072641434, "GET", "/config-api/v1/utils/status",
			``,
			"c1cf5b03c95c002447b864f2951ff22b2ed41571f92b2aae9349bdf3bf637f90", 200, `"version"`},
		{"list", 1796072641441, "GET", "/config-api/v1/svcinst/delivery/shortname/acme",
			``,
			"f65dabb03982f786f6e693c49d70a13b205dad3ec8d8bafd4cadb60af010a6cf", 200, `"results":[{`},
		{"list of a size and page", 1796072641443, "GET", "/config-api/v1/svcinst/delivery/shortname/acme?size=1&page=2",
			``,
			"255625e3617067e472d86f1ce89046dadd0a498834d6bc02e582ab68867b99b7", 200, `"results":[]`},
		{"profiles", 1796072641448, "GET", "/config-api/v1/svcprof/delivery/shortname/acme",
			``,
			"4441615324847c3df5070d5f0c59645dbd4866be75be4ce3183934a7db75648e", 200, `LLNW-Generic`},
		{"search of profiles", 1796072641449, "GET", "/config-api/v1/svcprof/delivery/shortname/acme/search?body.useCase=DownloadLargeFile",
			``,
			"645d5d33e1874a3795e1e7b8ba3134dab10f497bb4ee10d22911fc829c4231ea", 200, `LLNW-Generic`},
		{"one profile", 1796072641452, "GET", "/config-api/v1/svcprof/delivery/shortname/acme/26f7713c-9601-4f89-a01b-31ce13406421",
			``,
			"6671b65459f9fe7dc4ebf2827e5c71288ea49653d7c9fec14b8fdf842b2a6e91", 200, `LLNW-Generic`},
		{"options", 1796072641454, "GET", "/config-api/v1/configoption/shortname/acme/svcProf/LLNW-Generic",
			``,
			"ef33ebaea14a841a990875b69af5f99ec9bf332724fd8274589e7ecb73406560", 200, `"optionName":"req_send_header"`},
		{"a search whose empty filter was dropped", 1796072641460, "GET", "/config-api/v1/svcinst/delivery/shortname/acme/searchAuto?body.publishedHostname=www.example.com",
			``,
			"593133bab1c325ef91ced12d1f2c1dfd88dee9978441310a229244b71c400757", 200, `"uuid":"0f3e39f2`},
		{"a search for what must be escaped", 1796072641462, "GET", "/config-api/v1/svcinst/delivery/shortname/acme/searchAuto?body.publishedHostname=what%3F.example.com",
			``,
			"72ffa64f78c849a3f07a5cee1382afa788adbfa012c2205ef57c3cad19261e9c", 200, `"results":[]`},
		{"validate, as in the README", 1796072641466, "POST", "/config-api/v1/svcinst/delivery/validate",
			`{"body": {"serviceKey": {"name": "delivery"}, "publishedHostname": "sdk.example.com", "sourceHostname": "w.origin.example.com", "publishedUrlPath": "", "sourceUrlPath": "", "serviceProfileName": "LLNW-Generic", "protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "options": []}]}, "accounts": [{"shortname": "acme"}]}`,
			"411bfd90a0dd6612c6dca052811711a10f16d69fbfd3494d2552e9e9107d7158", 200, `"Success":false`},
		{"create, as in the README", 1796072641472, "POST", "/config-api/v1/svcinst/delivery",
			`{"body": {"serviceKey": {"name": "delivery"}, "publishedHostname": "sdk.example.com", "sourceHostname": "w.origin.example.com", "publishedUrlPath": "", "sourceUrlPath": "", "serviceProfileName": "LLNW-Generic", "protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "options": []}]}, "accounts": [{"shortname": "acme"}]}`,
			"57bc7cbcf650a01241b364d643f5b0ca4294944732010aa8f44cc6344e5f9fb2", 400, `body.publishedUrlPath`},
		{"validate", 1796072641474, "POST", "/config-api/v1/svcinst/delivery/validate",
			`{"body": {"serviceKey": {"name": "delivery"}, "publishedHostname": "sdk.example.com", "sourceHostname": "w.origin.example.com", "publishedUrlPath": "/", "sourceUrlPath": "", "serviceProfileName": "LLNW-Generic", "protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "options": []}]}, "accounts": [{"shortname": "acme"}]}`,
			"3cddcc561df8dac6471b44b1cc830e7aaa67f58cb25f48d5f34177e1d274855a", 200, `"Success":true`},
		{"create", 1796072641475, "POST", "/config-api/v1/svcinst/delivery",
			`{"body": {"serviceKey": {"name": "delivery"}, "publishedHostname": "sdk.example.com", "sourceHostname": "w.origin.example.com", "publishedUrlPath": "/", "sourceUrlPath": "", "serviceProfileName": "LLNW-Generic", "protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "options": []}]}, "accounts": [{"shortname": "acme"}]}`,
			"e00c25e0ee530b208e7925d8587633a9b62008072182c26c0bdadb87893d8bb4", 200, `"sourceUrlPath":"/"`},
		{"get", 1796072641477, "GET", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331",
			``,
			"2b1564c5bbe2241776711e9c0684030dc899e21cd0ca5aec92cdf2412602c989", 200, `"uuid":"c3f980c9`},
		{"update", 1796072641481, "PUT", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331",
			`{"body": {"protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "options": [{"name": "req_send_header", "parameters": ["X-A", "b"]}, {"name": "refresh_absmin", "parameters": [300]}]}], "publishedHostname": "sdk.example.com", "publishedUrlPath": "/", "serviceKey": {"name": "delivery"}, "serviceProfileName": "LLNW-Generic", "sourceHostname": "w.origin.example.com", "sourceUrlPath": "/"}, "accounts": [{"shortname": "acme"}], "isEnabled": true, "isLatest": true, "meta": {"manifestVersion": "4", "serviceIdentifier": "deliverysvcinst", "serviceKey": "delivery"}, "uuid": "c3f980c9-1795-404d-b040-1a59d0325331"}`,
			"c2d44abbd51d49707c4eb6413a042b04708ad2fca689056859b0cb4a44fab499", 200, `"parameters":[300]`},
		{"versions", 1796072641488, "GET", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331/versions",
			``,
			"0d739c18b16b0c5821427a73dde40aee9f3fc1e97dea76caac1cc5e5d6c7dfd3", 200, `"versionNumber":2`},
		{"rollback, whose body is null", 1796072641490, "POST", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331/rollbackTo/1",
			`null`,
			"7213cd339bd33a7a28e0c1b8a9a56bb8c877dcc078f9761eb9d9fc70d53c669f", 200, `"versionNumber":3`},
		{"get, to clone it", 1796072641492, "GET", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331",
			``,
			"093a3c1360c721d8a1981d717f602826c3fea9484ac73d00e4a530a8d0868233", 200, `"versionNumber":3`},
		{"clone", 1796072641493, "POST", "/config-api/v1/svcinst/delivery/inheritance?parentId=c3f980c9-1795-404d-b040-1a59d0325331",
			`{"accounts": [{"shortname": "acme"}], "body": {"protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "options": []}], "publishedHostname": "c.example.com", "publishedUrlPath": "/", "serviceKey": {"name": "delivery"}, "serviceProfileName": "LLNW-Generic", "sourceHostname": "o.example.com", "sourceUrlPath": "/"}, "isEnabled": true, "isLatest": true, "meta": {"manifestVersion": "4", "serviceIdentifier": "deliverysvcinst", "serviceKey": "delivery"}}`,
			"39cc45f9e366d0cc330944883c485c1950858c52120f4dd4bb700ab2a5d86aa3", 200, `"publishedHostname":"c.example.com"`},
		{"delete, whose body is null", 1796072641496, "DELETE", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331",
			`null`,
			"68c585f75748117432c3cb05ef8119b927f5aec76cb6d4075b5858a3975d5407", 200, `"uuid":"c3f980c9`},
		{"get of what is gone", 1796072641500, "GET", "/config-api/v1/svcinst/delivery/c3f980c9-1795-404d-b040-1a59d0325331",
			``,
			"0b34d9d7484cf8e1eda38cd555f4b724b650e97eeca775e74af04906b3b69ab5", 404, `no such`},
	} {
		now = time.UnixMilli(call.at)
		r := httptest.NewRequest(call.method, "https://127.0.0.1:35021"+call.uri, strings.NewReader(call.body))
		r.RequestURI = call.uri // as a server gets it
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("User-Agent", "python-requests/2.28.1")
		r.Header.Set("Accept", "*/*")
		r.Header.Set("Accept-Encoding", "gzip, deflate")
		r.Header.Set(headerPrincipal, testUser)
		r.Header.Set(headerTimestamp, timestampOf(now))
		r.Header.Set(headerToken, call.token)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != call.status || !strings.Contains(w.Body.String(), call.want) {
			t.Errorf("%s: %d %s; want %d and %s", call.name, w.Code, w.Body, call.status, call.want)
		}
		if n := len(a.instances); call.method == "POST" && strings.HasSuffix(call.uri, "/svcinst/delivery") && w.Code == 200 {
			a.instances[n-1] = versions{a.mustVersion(uuids[n-1], 1, a.instances[n-1].fields(1))}
		}
	}
	if all := a.Instances(); len(all) != 2 || all[0].Version != 2 || all[1].Host != "c.example.com" {
		t.Errorf("there are %+v", all)
	}
}

func timestampOf(now time.Time) string { return strconv.FormatInt(now.UnixMilli(), 10) }
