package provider

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// fill puts a value wherever a computed attribute has none, and takes out what may never be stored. In nested blocks
// what may be configured and is not stays so: AWS has no opinion about a filter's prefix.
func fill(block *tfprotov5.SchemaBlock, v tftypes.Value, with func(string, tftypes.Type) tftypes.Value) (tftypes.Value, error) {
	return fillBlock(block, v, true, with)
}

func fillBlock(block *tfprotov5.SchemaBlock, v tftypes.Value, top bool, with func(string, tftypes.Type) tftypes.Value) (tftypes.Value, error) {
	if v.IsNull() || !v.IsKnown() {
		return v, nil
	}
	fields := map[string]tftypes.Value{}
	if err := v.As(&fields); err != nil {
		return v, err
	}
	for _, a := range block.Attributes {
		switch {
		case a.WriteOnly:
			fields[a.Name] = tftypes.NewValue(a.Type, nil)
		case a.Computed && (top || !a.Optional) && fields[a.Name].IsNull():
			fields[a.Name] = with(a.Name, a.Type)
		}
	}
	for _, n := range block.BlockTypes {
		nested, err := fillNested(n, fields[n.TypeName], with)
		if err != nil {
			return v, err
		}
		fields[n.TypeName] = nested
	}
	return tftypes.NewValue(v.Type(), fields), nil
}

func fillNested(n *tfprotov5.SchemaNestedBlock, v tftypes.Value, with func(string, tftypes.Type) tftypes.Value) (tftypes.Value, error) {
	if v.IsNull() || !v.IsKnown() {
		return v, nil
	}
	if n.Nesting == tfprotov5.SchemaNestedBlockNestingModeSingle {
		return fillBlock(n.Block, v, false, with)
	}
	var elements []tftypes.Value
	if err := v.As(&elements); err != nil {
		return v, err
	}
	for i := range elements {
		filled, err := fillBlock(n.Block, elements[i], false, with)
		if err != nil {
			return v, err
		}
		elements[i] = filled
	}
	return tftypes.NewValue(v.Type(), elements), nil
}

func unknown(_ string, t tftypes.Type) tftypes.Value {
	return tftypes.NewValue(t, tftypes.UnknownValue)
}

// withTags keeps tags_all what tags is, as AWS does.
func withTags(v tftypes.Value) (tftypes.Value, error) {
	fields := map[string]tftypes.Value{}
	if err := v.As(&fields); err != nil {
		return v, err
	}
	tags, ok := fields["tags"]
	all, also := fields["tags_all"]
	if !ok || !also || !tags.Type().Equal(all.Type()) || tags.IsNull() {
		return v, nil
	}
	fields["tags_all"] = tags
	return tftypes.NewValue(v.Type(), fields), nil
}

func last(path *tftypes.AttributePath) string {
	steps := path.Steps()
	for i := len(steps) - 1; i >= 0; i-- {
		if name, ok := steps[i].(tftypes.AttributeName); ok {
			return string(name)
		}
	}
	return ""
}
