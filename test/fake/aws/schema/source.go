package schema

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
)

// source is one generated file of the package: a resource or data source and the structures in it.
type source struct {
	// root is the class of the resource or data source, terraform its type.
	root, terraform string
	version         string
	classes         map[string]*class
	// blocks tells, for a class's name and a field, what is written as a block in a configuration.
	fields map[string]map[string]written
}

// class is one structure: its fields in order.
type class struct {
	fields []field
}

// field is one line of comment with the getter that follows it.
type field struct {
	name                         string
	computed, optional, required bool
	// getter is the expression that reads the value.
	getter string
	// class and set are of the structure in it, when it has one.
	class string
	set   bool
}

// written is how a field is put into a configuration.
type written struct {
	kind  string // simple, list, set, map or struct
	class string
	block bool
}

var (
	classLine   = regexp.MustCompile(`^class (\w+) extends cdktn\.(\w+) `)
	typeLine    = regexp.MustCompile(`^    static tfResourceType = "(\w+)";`)
	versionLine = regexp.MustCompile(`providerVersion: '([^']+)'`)
	fieldLine   = regexp.MustCompile(`^    // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$`)
	structLine  = regexp.MustCompile(`^    _\w+ = new ([\w.]+)\(this, "\w+"(?:, (true|false))?\);`)
	returnLine  = regexp.MustCompile(`^        return (.+);`)
	hclFunction = regexp.MustCompile(`^function (\w+)ToHclTerraform\(`)
	hclMethod   = regexp.MustCompile(`^    synthesizeHclAttributes\(`)
	hclField    = regexp.MustCompile(`^ {8}(?: {4})?(\w+): \{$`)
	hclValue    = regexp.MustCompile(`^\s+value: (.+),$`)
	hclType     = regexp.MustCompile(`^\s+type: "(\w+)",$`)
	hclClass    = regexp.MustCompile(`^\s+storageClassType: "(\w+)",$`)
)

// read takes a generated file apart.
func read(text string) (*source, error) {
	s := &source{classes: map[string]*class{}, fields: map[string]map[string]written{}}
	var current *class
	var name, hcl, hclName string
	var open *field
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "}":
			current, open, hcl = nil, nil, ""
		case classLine.MatchString(line):
			m := classLine.FindStringSubmatch(line)
			name, current = m[1], &class{}
			s.classes[name] = current
			if strings.HasPrefix(m[2], "Terraform") {
				s.root = name
			}
		case typeLine.MatchString(line):
			s.terraform = typeLine.FindStringSubmatch(line)[1]
		case versionLine.MatchString(line):
			s.version = versionLine.FindStringSubmatch(line)[1]
		case hclFunction.MatchString(line):
			hcl = upperFirst(hclFunction.FindStringSubmatch(line)[1])
			s.fields[hcl] = map[string]written{}
		case hclMethod.MatchString(line):
			hcl, open = name, nil
			s.fields[hcl] = map[string]written{}
		case hcl != "":
			s.readHCL(hcl, &hclName, line)
		case current != nil && fieldLine.MatchString(line):
			m := fieldLine.FindStringSubmatch(line)
			current.fields = append(current.fields, field{name: m[1], computed: m[2] == "true", optional: m[3] == "true", required: m[4] == "true"})
			open = &current.fields[len(current.fields)-1]
		case open != nil && structLine.MatchString(line):
			m := structLine.FindStringSubmatch(line)
			open.class, open.set = m[1], m[2] == "true"
		case open != nil && open.getter == "" && returnLine.MatchString(line):
			open.getter = returnLine.FindStringSubmatch(line)[1]
			open = nil
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading a generated file: %w", err)
	}
	if s.root == "" || s.terraform == "" {
		return nil, fmt.Errorf("reading a generated file: no class of it extends a resource, a data source or a provider")
	}
	return s, nil
}

func (s *source) readHCL(class string, name *string, line string) {
	if m := hclField.FindStringSubmatch(line); m != nil {
		*name = m[1]
		return
	}
	w := s.fields[class][*name]
	switch {
	case hclValue.MatchString(line):
		// A list is mapped with true where it is written as blocks; a single structure always is one.
		value := hclValue.FindStringSubmatch(line)[1]
		w.block = strings.Contains(value, "ToHclTerraform, true)") || (!strings.Contains(value, "cdktn.") && strings.Contains(value, "ToHclTerraform("))
	case hclType.MatchString(line):
		w.kind = hclType.FindStringSubmatch(line)[1]
	case hclClass.MatchString(line):
		w.class = hclClass.FindStringSubmatch(line)[1]
	default:
		return
	}
	if *name != "" {
		s.fields[class][*name] = w
	}
}

func upperFirst(s string) string {
	return strings.ToUpper(s[:1]) + s[1:]
}
