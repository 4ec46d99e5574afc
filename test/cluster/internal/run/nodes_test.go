package run

import (
	"strings"
	"testing"
)

func TestParseNodes(t *testing.T) {
	for text, want := range map[string]Nodes{
		"real":            {Kind: Real},
		"none":            {Kind: None},
		"simulated=1":     {Kind: Simulated, Count: 1},
		"simulated=10000": {Kind: Simulated, Count: 10000},
	} {
		got, err := ParseNodes(text)
		if err != nil || got != want {
			t.Errorf("ParseNodes(%q) = %v, %v; want %v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("ParseNodes(%q) reads back as %q", text, got)
		}
	}
	for text, complaint := range map[string]string{
		"":                "want real, simulated=N or none",
		"kind":            "want real, simulated=N or none",
		"real=2":          "want real, simulated=N or none",
		"simulated":       "want real, simulated=N or none",
		"simulated=":      "between 1 and 10000",
		"simulated=0":     "between 1 and 10000",
		"simulated=10001": "between 1 and 10000",
		"simulated=many":  "between 1 and 10000",
	} {
		if got, err := ParseNodes(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("ParseNodes(%q) = %v, %v; want an error with %q", text, got, err, complaint)
		}
	}
}
