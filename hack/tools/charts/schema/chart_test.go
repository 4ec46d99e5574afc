package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const meta = `
dependencies:
  - name: atoll-lib
  - name: other
    alias: renamed
`

var shared = object{
	"global":       object{"type": "object"},
	"quantity":     object{"type": "string"},
	"resourceList": object{"additionalProperties": object{"$ref": "#/definitions/quantity"}},
	"resources":    object{"properties": object{"requests": object{"$ref": "#/definitions/resourceList"}}},
	"unused":       object{},
}

func TestChartSchema(t *testing.T) {
	tests := map[string]struct {
		values string
		want   object
	}{
		"no values": {values: "# nothing", want: object{}},
		"types and defaults come from the values": {
			values: `
# -- All of it
all:
  name: a
  count: 2
  ratio: 0.5
  on: true
  nothing: null
  free: {}
  words: [a, b]
  mixed: [a, 1]
  things: [{a: 1}]
`,
			want: object{"all": object{
				"type": "object", "description": "All of it", "additionalProperties": false,
				"properties": object{
					"name":    object{"type": "string", "default": "a"},
					"count":   object{"type": "integer", "default": 2},
					"ratio":   object{"type": "number", "default": 0.5},
					"on":      object{"type": "boolean", "default": true},
					"nothing": object{},
					"free":    object{"type": "object"},
					"words":   object{"type": "array", "items": object{"type": "string"}},
					"mixed":   object{"type": "array"},
					"things":  object{"type": "array"},
				},
			}},
		},
		"an annotation wins, help goes over several lines": {
			values: `
# @schema
# enum: [A, B]
# @schema
# -- The first line
# and the second
# @default -- A
kind: A
`,
			want: object{"kind": object{
				"type": "string", "default": "A", "enum": []any{"A", "B"}, "description": "The first line and the second",
			}},
		},
		"resources are shared": {
			values: "# -- What it asks for\nresources: {requests: {cpu: 1m}}",
			want:   object{"resources": object{"$ref": "#/definitions/resources"}},
		},
		"an annotation on what is shared replaces it": {
			values: "# @schema\n# type: object\n# @schema\n# -- Other\nresources: {a: 1}",
			want:   object{"resources": object{"type": "object", "description": "Other"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := chartSchema([]byte(meta), []byte(tc.values), shared)
			if err != nil {
				t.Fatal(err)
			}
			tc.want["global"] = object{"$ref": "#/definitions/global"}
			tc.want["atoll-lib"] = object{"type": "object"}
			tc.want["renamed"] = object{"type": "object"}
			if diff := cmp.Diff(tc.want, got["properties"]); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
			if got["additionalProperties"] != false {
				t.Error("unknown keys at the top are not refused")
			}
		})
	}
}

func TestChartSchemaHoldsOnlyUsedDefinitions(t *testing.T) {
	got, err := chartSchema([]byte(meta), []byte("# -- r\nresources: {}"), shared)
	if err != nil {
		t.Fatal(err)
	}
	want := object{}
	for _, name := range []string{"global", "resources", "resourceList", "quantity"} {
		want[name] = shared[name]
	}
	if diff := cmp.Diff(want, got["definitions"]); diff != "" {
		t.Errorf("definitions (-want +got):\n%s", diff)
	}
}

func TestChartSchemaRefuses(t *testing.T) {
	tests := map[string]struct{ values, want string }{
		"a value nobody described":     {"a:\n  b: 1", `line 2: a.b has no description; write one above it, beginning with "# -- "`},
		"an annotation without an end": {"# @schema\n# type: string\n# -- A\na: b", "comment of a: a line"},
		"an annotation that is no YAML": {
			"# @schema\n# type: [\n# @schema\n# -- A\na: b",
			"comment of a: reading what stands between",
		},
		"a definition nobody wrote": {
			"# @schema\n# $ref: '#/definitions/none'\n# @schema\n# -- A\na: b",
			`$ref "#/definitions/none" names no shared definition`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := chartSchema([]byte(meta), []byte(tc.values), shared)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one that has %q", err, tc.want)
			}
		})
	}
}
