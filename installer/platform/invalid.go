package platform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Invalid is everything wrong with a platform.yaml.
type Invalid struct {
	File     string
	Problems []Problem
}

// Problem is one thing wrong.
type Problem struct {
	// Line is 0 when the field is not in the file.
	Line    int    `json:"line,omitempty"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e *Invalid) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "validating %s: %d problem(s)", e.File, len(e.Problems))
	for _, p := range e.Problems {
		place := e.File
		if p.Line > 0 {
			place += ":" + strconv.Itoa(p.Line)
		}
		fmt.Fprintf(&b, "\n  %s: %s: %s", place, p.Field, p.Message)
	}
	b.WriteString("\nNext: correct the fields named above; every field is explained in docs/guide/platform-yaml.md and by `atoll schema`")
	return b.String()
}

// rootField is how the field of the object itself prints.
const rootField = "<nil>"

func newInvalid(file string, data []byte, errs field.ErrorList) *Invalid {
	var root yaml.Node
	_ = yaml.Unmarshal(data, &root) // the lines are a courtesy: without them the fields still tell
	e := &Invalid{File: file}
	for _, err := range errs {
		name, message := strings.TrimPrefix(err.Field, "<nil>."), err.ErrorBody()
		if err.BadValue == (field.OmitValueType{}) {
			message = err.Detail
		}
		if name == rootField {
			// A rule about metadata cannot carry a path in a CRD, so its message begins with one.
			name, message, _ = strings.Cut(err.Detail, ": ")
		}
		e.Problems = append(e.Problems, Problem{Line: line(&root, name), Field: name, Message: message})
	}
	slices.SortStableFunc(e.Problems, func(a, b Problem) int { return a.Line - b.Line })
	return e
}

// line finds where the field at path stands, or the nearest parent that does.
func line(root *yaml.Node, path string) int {
	if len(root.Content) == 0 {
		return 0
	}
	at, found := root.Content[0], 0
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next := child(at, step)
		if next == nil {
			break
		}
		at, found = next.value, next.line
	}
	return found
}

type place struct {
	value *yaml.Node
	line  int
}

func child(node *yaml.Node, step string) *place {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return &place{value: node.Content[i+1], line: node.Content[i].Line}
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
			return &place{value: node.Content[i], line: node.Content[i].Line}
		}
	}
	return nil
}
