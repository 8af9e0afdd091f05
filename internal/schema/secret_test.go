package schema_test

import (
	"fmt"
	"testing"

	"github.com/edgeward/edgeward/internal/schema"
)

func TestSecret(t *testing.T) {
	if got := schema.NewSecret("c0ffee").Reveal(); got != "c0ffee" {
		t.Errorf("Reveal = %q", got)
	}
	if got := schema.NewSecret("c0ffee").String(); got != "[redacted]" {
		t.Errorf("String = %q", got)
	}
	if got := fmt.Sprintf("%v%s%q", schema.Secret{}, schema.NewSecret(""), schema.Secret{}); got != `""` {
		t.Errorf("an empty secret prints as %s", got)
	}
	if !schema.NewSecret("a").Equal(schema.NewSecret("a")) || schema.NewSecret("a").Equal(schema.NewSecret("b")) || !schema.NewSecret("").Equal(schema.Secret{}) {
		t.Error("Equal does not compare texts")
	}
}
