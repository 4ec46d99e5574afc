package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ValidateResourceTypeConfig refuses what Terraform leaves to providers: values of attributes that AWS alone sets.
func (s *Server) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	diagnostics, err := s.resources[r.TypeName].validate(r.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: diagnostics}, err
}

// ValidateDataSourceConfig does so for data sources.
func (s *Server) ValidateDataSourceConfig(_ context.Context, r *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	diagnostics, err := s.data[r.TypeName].validate(r.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: diagnostics}, err
}

func (k *kind) validate(raw *tfprotov5.DynamicValue) ([]*tfprotov5.Diagnostic, error) {
	config, err := raw.Unmarshal(k.terraform())
	if err != nil {
		return nil, err
	}
	var out []*tfprotov5.Diagnostic
	err = unconfigurable(k.schema.Block, config, tftypes.NewAttributePath(), func(path *tftypes.AttributePath) {
		out = append(out, &tfprotov5.Diagnostic{
			Severity:  tfprotov5.DiagnosticSeverityError,
			Summary:   "Value for unconfigurable attribute",
			Detail:    "AWS alone sets " + last(path) + ".",
			Attribute: path,
		})
	})
	return out, err
}

// unconfigurable finds the attributes of a block that have a value and are only computed.
func unconfigurable(block *tfprotov5.SchemaBlock, v tftypes.Value, path *tftypes.AttributePath, found func(*tftypes.AttributePath)) error {
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	fields := map[string]tftypes.Value{}
	if err := v.As(&fields); err != nil {
		return err
	}
	for _, a := range block.Attributes {
		if a.Computed && !a.Optional && !fields[a.Name].IsNull() {
			found(path.WithAttributeName(a.Name))
		}
	}
	for _, n := range block.BlockTypes {
		nested := fields[n.TypeName]
		if nested.IsNull() || !nested.IsKnown() {
			continue
		}
		at := path.WithAttributeName(n.TypeName)
		if n.Nesting == tfprotov5.SchemaNestedBlockNestingModeSingle {
			if err := unconfigurable(n.Block, nested, at, found); err != nil {
				return err
			}
			continue
		}
		var elements []tftypes.Value
		if err := nested.As(&elements); err != nil {
			return err
		}
		for _, element := range elements {
			if err := unconfigurable(n.Block, element, at, found); err != nil {
				return err
			}
		}
	}
	return nil
}
