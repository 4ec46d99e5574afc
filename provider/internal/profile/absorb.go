package profile

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// Absorb reads what the state declares, or everything after an import.
func (m *model) Absorb(live *v1alpha1.Profile) {
	scope := managed.Declared
	if m.DisplayName.IsNull() {
		scope = managed.Everything
	}
	m.absorb(&live.Spec, scope)
}

// Observe does nothing: what the operator computes of a profile moves, and is in the data source.
func (m *model) Observe(*v1alpha1.Profile) {}

func (s *Spec) absorb(live *v1alpha1.ProfileSpec, scope managed.Scope) {
	s.DisplayName = types.StringValue(live.DisplayName)
	s.Description = managed.Text(s.Description, live.Description, scope)
	s.Image = types.StringValue(live.Image)
	s.Sizes = sizes(s.Sizes, live.Sizes, scope)
	s.NodePool = s.NodePool.absorb(live.NodePool, scope)
	if s.Env != nil || scope == managed.Everything && len(live.Env) > 0 {
		s.Env = make(map[string]string, len(live.Env))
		for _, e := range live.Env {
			s.Env[e.Name] = e.Value
		}
	}
	if s.Packages != nil || scope == managed.Everything && len(live.Packages) > 0 {
		s.Packages = append([]string{}, live.Packages...)
	}
}

// sizes reads each size by what the one of the same name declares; one that is new is read whole.
func sizes(declared []Size, live []v1alpha1.Size, scope managed.Scope) []Size {
	known := make(map[string]Size, len(declared))
	for _, s := range declared {
		known[s.Name.ValueString()] = s
	}
	out := make([]Size, len(live))
	for i, l := range live {
		was, ok := known[l.Name]
		part := scope
		if !ok {
			part = managed.Everything
		}
		out[i] = Size{
			Name:        types.StringValue(l.Name),
			DisplayName: managed.Text(was.DisplayName, l.DisplayName, part),
			Default:     managed.Flag(was.Default, l.Default, part),
			CPU:         &Range{Guarantee: managed.Quantity(l.CPU.Guarantee), Limit: managed.Quantity(l.CPU.Limit)},
			Memory:      &Range{Guarantee: managed.Quantity(l.Memory.Guarantee), Limit: managed.Quantity(l.Memory.Limit)},
		}
		if l.GPU != nil && (was.GPU != nil || part == managed.Everything) {
			out[i].GPU = &GPU{Resource: types.StringValue(l.GPU.Resource), Count: types.Int32Value(l.GPU.Count)}
		}
	}
	return out
}

func (p *NodePool) absorb(live *v1alpha1.NodePool, scope managed.Scope) *NodePool {
	if live == nil || p == nil && scope == managed.Declared {
		return nil
	}
	was := NodePool{}
	if p != nil {
		was = *p
	}
	out := &NodePool{}
	if was.NodeSelector != nil || scope == managed.Everything && len(live.NodeSelector) > 0 {
		out.NodeSelector = map[string]string{}
		for k, v := range live.NodeSelector {
			out.NodeSelector[k] = v
		}
	}
	if was.Tolerations == nil && (scope == managed.Declared || len(live.Tolerations) == 0) {
		return out
	}
	out.Tolerations = make([]Toleration, len(live.Tolerations))
	for i, l := range live.Tolerations {
		t, part := Toleration{}, managed.Everything
		if i < len(was.Tolerations) {
			t, part = was.Tolerations[i], scope
		}
		out.Tolerations[i] = Toleration{
			Key:    types.StringValue(l.Key),
			Value:  managed.Text(t.Value, l.Value, part),
			Effect: managed.Text(t.Effect, l.Effect, part),
		}
	}
	return out
}
