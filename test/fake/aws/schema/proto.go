package schema

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Proto is the schema as Terraform's protocol has it.
func (b *Block) Proto() (*tfprotov5.Schema, error) {
	block, err := b.proto()
	if err != nil {
		return nil, err
	}
	return &tfprotov5.Schema{Block: block}, nil
}

func (b *Block) proto() (*tfprotov5.SchemaBlock, error) {
	out := &tfprotov5.SchemaBlock{}
	for _, a := range b.Attributes {
		t, err := a.Type.Terraform()
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", a.Name, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov5.SchemaAttribute{
			Name: a.Name, Type: t, Required: a.Required, Optional: a.Optional, Computed: a.Computed, WriteOnly: b.writeOnly(a.Name),
		})
	}
	for _, n := range b.Blocks {
		block, err := n.Block.proto()
		if err != nil {
			return nil, fmt.Errorf("block %s: %w", n.Name, err)
		}
		nested := &tfprotov5.SchemaNestedBlock{TypeName: n.Name, Block: block}
		switch n.Nesting {
		case "list":
			nested.Nesting = tfprotov5.SchemaNestedBlockNestingModeList
		case "set":
			nested.Nesting = tfprotov5.SchemaNestedBlockNestingModeSet
		case "single":
			nested.Nesting = tfprotov5.SchemaNestedBlockNestingModeSingle
		default:
			return nil, fmt.Errorf("block %s: nesting %q", n.Name, n.Nesting)
		}
		if nested.Nesting != tfprotov5.SchemaNestedBlockNestingModeSingle {
			if n.Required {
				nested.MinItems = 1
			}
			if n.Single {
				nested.MaxItems = 1
			}
		}
		out.BlockTypes = append(out.BlockTypes, nested)
	}
	return out, nil
}

// writeOnly tells attributes that are never stored by their name: the package does not mark them.
func (b *Block) writeOnly(name string) bool {
	if !strings.HasSuffix(name, "_wo") {
		return false
	}
	for _, a := range b.Attributes {
		if a.Name == name+"_version" {
			return true
		}
	}
	return false
}

// Terraform is the type as Terraform's protocol has it.
func (t Type) Terraform() (tftypes.Type, error) {
	switch t.Kind {
	case "string":
		return tftypes.String, nil
	case "number":
		return tftypes.Number, nil
	case "bool":
		return tftypes.Bool, nil
	case "dynamic":
		return tftypes.DynamicPseudoType, nil
	case "object":
		out := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
		for name, field := range t.Fields {
			f, err := field.Terraform()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out.AttributeTypes[name] = f
		}
		return out, nil
	}
	if t.Element == nil {
		return nil, fmt.Errorf("%q is no type", t.Kind)
	}
	element, err := t.Element.Terraform()
	if err != nil {
		return nil, err
	}
	switch t.Kind {
	case "list":
		return tftypes.List{ElementType: element}, nil
	case "set":
		return tftypes.Set{ElementType: element}, nil
	case "map":
		return tftypes.Map{ElementType: element}, nil
	}
	return nil, fmt.Errorf("%q is no type", t.Kind)
}
