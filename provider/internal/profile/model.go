// Package profile is the resource and the data sources of the kind Profile.
package profile

import (
	"sort"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/internal/kube/declare"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

type model struct {
	managed.Base
	Spec
}

// Spec are the attributes that a user declares, shared by the resource and the data sources.
type Spec struct {
	DisplayName types.String      `tfsdk:"display_name"`
	Description types.String      `tfsdk:"description"`
	Image       types.String      `tfsdk:"image"`
	Sizes       []Size            `tfsdk:"sizes"`
	NodePool    *NodePool         `tfsdk:"node_pool"`
	Env         map[string]string `tfsdk:"env"`
	Packages    []string          `tfsdk:"packages"`
}

// Size is a choice of CPU, memory and GPU.
type Size struct {
	Name        types.String `tfsdk:"name"`
	DisplayName types.String `tfsdk:"display_name"`
	Default     types.Bool   `tfsdk:"default"`
	CPU         *Range       `tfsdk:"cpu"`
	Memory      *Range       `tfsdk:"memory"`
	GPU         *GPU         `tfsdk:"gpu"`
}

// Range is what a pod is sure to get and what it may reach.
type Range struct {
	Guarantee units.Quantity `tfsdk:"guarantee"`
	Limit     units.Quantity `tfsdk:"limit"`
}

// GPU is a number of devices of one kind.
type GPU struct {
	Resource types.String `tfsdk:"resource"`
	Count    types.Int32  `tfsdk:"count"`
}

// NodePool selects nodes.
type NodePool struct {
	NodeSelector map[string]string `tfsdk:"node_selector"`
	Tolerations  []Toleration      `tfsdk:"tolerations"`
}

// Toleration lets a pod run on a tainted node.
type Toleration struct {
	Key    types.String `tfsdk:"key"`
	Value  types.String `tfsdk:"value"`
	Effect types.String `tfsdk:"effect"`
}

// Declare returns the spec to apply.
func (m *model) Declare() any {
	sizes := make([]declare.Size, len(m.Sizes))
	for i, s := range m.Sizes {
		sizes[i] = declare.Size{
			Name:        s.Name.ValueString(),
			DisplayName: s.DisplayName.ValueStringPointer(),
			Default:     s.Default.ValueBoolPointer(),
			CPU:         s.CPU.declare(),
			Memory:      s.Memory.declare(),
		}
		if s.GPU != nil {
			sizes[i].GPU = &declare.GPU{Resource: s.GPU.Resource.ValueStringPointer(), Count: s.GPU.Count.ValueInt32Pointer()}
		}
	}
	out := &declare.Profile{
		DisplayName: m.DisplayName.ValueStringPointer(),
		Description: m.Description.ValueStringPointer(),
		Image:       m.Image.ValueStringPointer(),
		Sizes:       &sizes,
		NodePool:    m.NodePool.declare(),
	}
	if m.Env != nil {
		env := make([]declare.EnvVar, 0, len(m.Env))
		for name, value := range m.Env {
			env = append(env, declare.EnvVar{Name: name, Value: value})
		}
		sort.Slice(env, func(i, j int) bool { return env[i].Name < env[j].Name })
		out.Env = &env
	}
	if m.Packages != nil {
		out.Packages = &m.Packages
	}
	return out
}

func (r *Range) declare() *declare.Range {
	return &declare.Range{Guarantee: r.Guarantee.ValueStringPointer(), Limit: r.Limit.ValueStringPointer()}
}

func (p *NodePool) declare() *declare.NodePool {
	if p == nil {
		return nil
	}
	out := &declare.NodePool{}
	if p.NodeSelector != nil {
		out.NodeSelector = &p.NodeSelector
	}
	if p.Tolerations == nil {
		return out
	}
	tolerations := make([]declare.Toleration, len(p.Tolerations))
	for i, t := range p.Tolerations {
		tolerations[i] = declare.Toleration{
			Key:    t.Key.ValueString(),
			Value:  t.Value.ValueStringPointer(),
			Effect: t.Effect.ValueStringPointer(),
		}
	}
	out.Tolerations = &tolerations
	return out
}
