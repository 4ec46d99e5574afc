package schema

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

const reference = "OutputReference"

// build turns a generated file into the schema of what it generates.
func (s *source) build() (*Block, error) {
	if s.terraform == "aws" {
		return s.settings(s.root)
	}
	return s.block(s.root, s.root)
}

// settings makes the block of the provider's own configuration. Its file has no getters with types, only how
// each field is written, and that all are optional.
func (s *source) settings(fields string) (*Block, error) {
	out := &Block{}
	for name, w := range s.fields[fields] {
		if w.block {
			element, _ := element(w.class)
			block, err := s.settings(element)
			if err != nil {
				return nil, fmt.Errorf("block %s: %w", name, err)
			}
			out.Blocks = append(out.Blocks, Nested{Name: name, Nesting: w.kind, Block: block})
			continue
		}
		t, err := collection(upperFirst(w.class), w.kind == "set")
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		out.Attributes = append(out.Attributes, Attribute{Name: name, Type: t, Optional: true})
	}
	out.sort()
	return out, nil
}

func (b *Block) sort() {
	sort.Slice(b.Attributes, func(i, j int) bool { return b.Attributes[i].Name < b.Attributes[j].Name })
	sort.Slice(b.Blocks, func(i, j int) bool { return b.Blocks[i].Name < b.Blocks[j].Name })
}

// block makes the block of a class. The name that its fields are written under differs for a nested one.
func (s *source) block(name, fields string) (*Block, error) {
	c, ok := s.classes[name]
	if !ok {
		return nil, fmt.Errorf("there is no class %s", name)
	}
	out := &Block{}
	for _, f := range c.fields {
		w := s.fields[fields][f.name]
		if f.class != "" && w.block {
			nested, err := s.nested(f, w)
			if err != nil {
				return nil, fmt.Errorf("block %s: %w", f.name, err)
			}
			out.Blocks = append(out.Blocks, nested)
			continue
		}
		t, err := s.typeOf(f, w)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", f.name, err)
		}
		out.Attributes = append(out.Attributes, Attribute{Name: f.name, Type: t, Required: f.required, Optional: f.optional, Computed: f.computed})
	}
	out.sort()
	return out, nil
}

func (s *source) nested(f field, w written) (Nested, error) {
	element, list := element(f.class)
	block, err := s.block(element+reference, element)
	if err != nil {
		return Nested{}, err
	}
	n := Nested{Name: f.name, Nesting: w.kind, Required: f.required, Single: !list, Block: block}
	if w.kind == "struct" {
		n.Nesting = "single"
	}
	return n, nil
}

// element is the structure behind the class of a field, and whether there may be several of it.
func element(class string) (string, bool) {
	if name, ok := strings.CutSuffix(class, reference); ok {
		return name, false
	}
	for _, suffix := range []string{"List", "Map"} {
		if name, ok := strings.CutSuffix(class, suffix); ok {
			return name, true
		}
	}
	return class, false
}

// typeOf is the type of an attribute: from the structure behind it, or else from the expression that reads it.
func (s *source) typeOf(f field, w written) (Type, error) {
	switch {
	case strings.HasPrefix(f.class, "cdktn."):
		return collection(strings.TrimPrefix(f.class, "cdktn."), f.set)
	case f.class != "":
		return s.objects(f, w)
	default:
		return simple(f.getter, w.kind == "set")
	}
}

// objects is the type of an attribute that holds structures: as a rule they are computed.
func (s *source) objects(f field, w written) (Type, error) {
	name, list := element(f.class)
	block, err := s.block(name+reference, name)
	if err != nil {
		return Type{}, err
	}
	object := Type{Kind: "object", Fields: map[string]Type{}}
	for _, a := range block.Attributes {
		object.Fields[a.Name] = a.Type
	}
	for _, b := range block.Blocks {
		return Type{}, fmt.Errorf("%s is a block within an attribute", b.Name)
	}
	switch {
	case f.set || w.kind == "set":
		return Type{Kind: "set", Element: &object}, nil
	case strings.HasSuffix(f.class, "Map"):
		return Type{Kind: "map", Element: &object}, nil
	case list || w.kind == "list":
		return Type{Kind: "list", Element: &object}, nil
	default:
		return object, nil
	}
}

var getter = regexp.MustCompile(`this\.(?:get(\w*)Attribute|(interpolationForAttribute))\(`)

func simple(expression string, set bool) (Type, error) {
	m := getter.FindStringSubmatch(expression)
	if m == nil {
		return Type{}, fmt.Errorf("it is read by %q, which says no type", expression)
	}
	if m[2] != "" {
		return Type{Kind: "dynamic"}, nil
	}
	return collection(m[1], set || strings.Contains(expression, "Fn.tolist("))
}

// collection reads the name of a type such as String, NumberList or StringMap.
func collection(name string, set bool) (Type, error) {
	switch name {
	case "String":
		return Type{Kind: "string"}, nil
	case "Number":
		return Type{Kind: "number"}, nil
	case "Boolean":
		return Type{Kind: "bool"}, nil
	case "Any", "":
		return Type{Kind: "dynamic"}, nil
	case "List":
		name = "StringList"
	}
	for suffix, kind := range map[string]string{"List": "list", "Map": "map"} {
		inner, ok := strings.CutSuffix(name, suffix)
		if !ok {
			continue
		}
		if kind == "list" && set {
			kind = "set"
		}
		t, err := collection(inner, false)
		return Type{Kind: kind, Element: &t}, err
	}
	return Type{}, fmt.Errorf("%q is no type", name)
}
