package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

func TestSecretIsNeverShown(t *testing.T) {
	const text = "c0ffee"
	secret := schema.NewSecret(text)
	hidden := struct{ config schema.Given }{schema.Given{Value: secret}} // fmt cannot call methods on this field
	encode := func(data []byte, err error) string {
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	whole := Config{Providers: providers.All()}
	whole.Sections.Put("edgio", nil, &schema.Given{Value: secret})
	log := func(handler func(*bytes.Buffer) slog.Handler) string {
		var out bytes.Buffer
		slog.New(handler(&out)).Info("x", "secret", secret, "config", whole, "hidden", hidden)
		return out.String()
	}
	shown := map[string]string{
		"String":    secret.String(),
		"GoString":  secret.GoString(),
		"in config": fmt.Sprintf("%v %+v %#v", whole, whole, whole),
		"JSON":      encode(json.Marshal(schema.Given{Value: secret})),
		"YAML":      encode(yaml.Marshal(schema.Given{Value: secret})),
		"slog text": log(func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }),
		"slog JSON": log(func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }),
	}
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d", "T", "p", "t", "c", "U", "e", "z"} {
		shown["%"+verb] = fmt.Sprintf("%"+verb, secret)
		shown["hidden %"+verb] = fmt.Sprintf("%"+verb, hidden)
	}
	for way, out := range shown {
		for _, form := range []string{text, "HUSH", fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprint([]byte(text))} {
			if strings.Contains(out, form) {
				t.Errorf("%s shows the secret: %s", way, out)
			}
		}
	}
}
