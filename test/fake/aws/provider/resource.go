package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// PlanResourceChange plans what is configured, and leaves unknown what AWS would decide.
func (s *Server) PlanResourceChange(_ context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	k := s.resources[r.TypeName]
	proposed, err := r.ProposedNewState.Unmarshal(k.terraform())
	if err != nil {
		return nil, err
	}
	prior, err := r.PriorState.Unmarshal(k.terraform())
	if err != nil {
		return nil, err
	}
	out := &tfprotov5.PlanResourceChangeResponse{PlannedState: r.ProposedNewState, PlannedPrivate: r.PriorPrivate}
	if proposed.IsNull() || proposed.Equal(prior) {
		return out, nil
	}
	planned, err := fill(k.schema.Block, proposed, unknown)
	if err != nil {
		return nil, err
	}
	if planned, err = withTags(planned); err != nil {
		return nil, err
	}
	if !prior.IsNull() {
		out.RequiresReplace, err = replacing(r.TypeName, prior, planned)
		if err != nil {
			return nil, err
		}
	}
	value, err := tfprotov5.NewDynamicValue(k.terraform(), planned)
	out.PlannedState = &value
	return out, err
}

// ApplyResourceChange makes up what is still unknown.
func (s *Server) ApplyResourceChange(_ context.Context, r *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	k := s.resources[r.TypeName]
	planned, err := r.PlannedState.Unmarshal(k.terraform())
	if err != nil {
		return nil, err
	}
	if planned.IsNull() {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PlannedState}, nil
	}
	answer := answerTo(k.name, planned)
	applied, err := tftypes.Transform(planned, func(path *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		return answer.value(last(path), v.Type()), nil
	})
	if err != nil {
		return nil, err
	}
	value, err := tfprotov5.NewDynamicValue(k.terraform(), applied)
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &value}, err
}

// ReadResource finds everything as it was left.
func (s *Server) ReadResource(_ context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	return &tfprotov5.ReadResourceResponse{NewState: r.CurrentState, Private: r.Private}, nil
}

// UpgradeResourceState reads a state; there is one version of each.
func (s *Server) UpgradeResourceState(_ context.Context, r *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	k := s.resources[r.TypeName]
	state, err := r.RawState.Unmarshal(k.terraform())
	if err != nil {
		return nil, err
	}
	value, err := tfprotov5.NewDynamicValue(k.terraform(), state)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &value}, err
}

// ReadDataSource answers from what was asked, and from the few facts that the modules count on.
func (s *Server) ReadDataSource(_ context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	k := s.data[r.TypeName]
	config, err := r.Config.Unmarshal(k.terraform())
	if err != nil {
		return nil, err
	}
	answer := answerTo(k.name, config)
	state, err := fill(k.schema.Block, config, answer.value)
	if err != nil {
		return nil, err
	}
	value, err := tfprotov5.NewDynamicValue(k.terraform(), state)
	return &tfprotov5.ReadDataSourceResponse{State: &value}, err
}
