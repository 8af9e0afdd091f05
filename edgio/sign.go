package edgio

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers that authenticate a call.
const (
	headerPrincipal = "X-LLNW-Security-Principal"
	headerTimestamp = "X-LLNW-Security-Timestamp"
	headerToken     = "X-LLNW-Security-Token"
)

// sign returns the token of a call: the lower-case hexadecimal HMAC-SHA256 of
//
//	METHOD + URL before "?" + query without "?" + timestamp + body
//
// without separators. The URL is absolute and, like the query, signed as it
// goes over the wire; the timestamp is in Unix milliseconds, decimal.
func sign(key []byte, method, url, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(method + strings.Replace(url, "?", "", 1) + timestamp))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// authenticate signs a request whose body is body.
func (c *Client) authenticate(req *http.Request, body []byte, now time.Time) {
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	req.Header.Set(headerPrincipal, c.username)
	req.Header.Set(headerTimestamp, timestamp)
	req.Header.Set(headerToken, sign(c.key, req.Method, req.URL.String(), timestamp, body))
}
