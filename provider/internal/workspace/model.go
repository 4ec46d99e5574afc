// Package workspace is the resource and the data source of the kind Workspace.
package workspace

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/declare"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

type model struct {
	managed.Base
	Spec
	Namespace types.String `tfsdk:"namespace"`
	HubURL    types.String `tfsdk:"hub_url"`
}

// Spec are the attributes that a user declares, shared by the resource and the data source.
type Spec struct {
	DisplayName           types.String `tfsdk:"display_name"`
	Owner                 types.String `tfsdk:"owner"`
	Members               []Member     `tfsdk:"members"`
	Profiles              []string     `tfsdk:"profiles"`
	Quota                 *Quota       `tfsdk:"quota"`
	Home                  *Home        `tfsdk:"home"`
	Backup                *Backup      `tfsdk:"backup"`
	Culling               *Culling     `tfsdk:"culling"`
	ClassificationCeiling types.String `tfsdk:"classification_ceiling"`
	CostCenter            types.String `tfsdk:"cost_center"`
	DeletionPolicy        types.String `tfsdk:"deletion_policy"`
}

// Member is a person or a group with a role.
type Member struct {
	Kind types.String `tfsdk:"kind"`
	Name types.String `tfsdk:"name"`
	Role types.String `tfsdk:"role"`
}

// Quota bounds a workspace as a whole.
type Quota struct {
	CPU     units.Quantity `tfsdk:"cpu"`
	Memory  units.Quantity `tfsdk:"memory"`
	GPUs    types.Int32    `tfsdk:"gpus"`
	Storage units.Quantity `tfsdk:"storage"`
	Servers types.Int32    `tfsdk:"servers"`
}

// Home is a person's storage.
type Home struct {
	Size             units.Quantity `tfsdk:"size"`
	StorageClassName types.String   `tfsdk:"storage_class_name"`
}

// Backup says when homes are backed up.
type Backup struct {
	Every types.String `tfsdk:"every"`
	At    types.String `tfsdk:"at"`
	Keep  types.Int32  `tfsdk:"keep"`
}

// Culling bounds how long a server may idle.
type Culling struct {
	IdleAfter units.Duration `tfsdk:"idle_after"`
	MaxHold   units.Duration `tfsdk:"max_hold"`
}

// Declare returns the spec to apply.
func (m *model) Declare() any {
	out := &declare.Workspace{
		DisplayName: m.DisplayName.ValueStringPointer(),
		Owner:       m.Owner.ValueStringPointer(),
		Profiles:    &m.Profiles,
		Quota: &declare.Quota{
			CPU:     m.Quota.CPU.ValueStringPointer(),
			Memory:  m.Quota.Memory.ValueStringPointer(),
			GPUs:    m.Quota.GPUs.ValueInt32Pointer(),
			Storage: m.Quota.Storage.ValueStringPointer(),
			Servers: m.Quota.Servers.ValueInt32Pointer(),
		},
		Home: &declare.Home{
			Size:             m.Home.Size.ValueStringPointer(),
			StorageClassName: m.Home.StorageClassName.ValueStringPointer(),
		},
		Backup: &declare.Backup{
			Every: m.Backup.Every.ValueStringPointer(),
			At:    m.Backup.At.ValueStringPointer(),
			Keep:  m.Backup.Keep.ValueInt32Pointer(),
		},
		Culling: &declare.Culling{
			IdleAfter: m.Culling.IdleAfter.ValueStringPointer(),
			MaxHold:   m.Culling.MaxHold.ValueStringPointer(),
		},
		ClassificationCeiling: m.ClassificationCeiling.ValueStringPointer(),
		CostCenter:            m.CostCenter.ValueStringPointer(),
		DeletionPolicy:        m.DeletionPolicy.ValueStringPointer(),
	}
	if m.Members == nil {
		return out
	}
	members := make([]declare.Member, len(m.Members))
	for i, member := range m.Members {
		members[i] = declare.Member{
			Kind: member.Kind.ValueString(),
			Name: member.Name.ValueString(),
			Role: member.Role.ValueStringPointer(),
		}
	}
	out.Members = &members
	return out
}

// Absorb reads what the state declares, or everything after an import.
func (m *model) Absorb(live *v1alpha1.Workspace) {
	scope := managed.Declared
	if m.DisplayName.IsNull() {
		scope = managed.Everything
	}
	m.absorb(&live.Spec, scope)
}

// Observe fills what is computed. Both values are immutable: a known one stays.
func (m *model) Observe(live *v1alpha1.Workspace) {
	m.Namespace = types.StringValue(v1alpha1.WorkspaceNamespacePrefix + live.Name)
	if m.HubURL.IsUnknown() || m.HubURL.IsNull() {
		m.HubURL = text(live.Status.HubURL)
	}
}

func (s *Spec) absorb(live *v1alpha1.WorkspaceSpec, scope managed.Scope) {
	s.DisplayName = types.StringValue(live.DisplayName)
	s.Owner = types.StringValue(live.Owner)
	s.Members = members(s.Members, live.Members, scope)
	s.Profiles = live.Profiles
	s.Quota = &Quota{
		CPU:     managed.Quantity(live.Quota.CPU),
		Memory:  managed.Quantity(live.Quota.Memory),
		GPUs:    types.Int32Value(live.Quota.GPUs),
		Storage: managed.Quantity(live.Quota.Storage),
		Servers: types.Int32Value(live.Quota.Servers),
	}
	home := Home{Size: managed.Quantity(live.Home.Size)}
	if s.Home != nil {
		home.StorageClassName = s.Home.StorageClassName
	}
	home.StorageClassName = managed.Text(home.StorageClassName, live.Home.StorageClassName, scope)
	s.Home = &home
	s.Backup = &Backup{
		Every: types.StringValue(string(live.Backup.Every)),
		At:    types.StringValue(live.Backup.At),
		Keep:  types.Int32Value(live.Backup.Keep),
	}
	s.Culling = &Culling{
		IdleAfter: managed.Duration(live.Culling.IdleAfter),
		MaxHold:   managed.Duration(live.Culling.MaxHold),
	}
	s.ClassificationCeiling = types.StringValue(string(live.ClassificationCeiling))
	s.CostCenter = managed.Text(s.CostCenter, live.CostCenter, scope)
	s.DeletionPolicy = types.StringValue(string(live.DeletionPolicy))
}

func members(declared []Member, live []v1alpha1.Member, scope managed.Scope) []Member {
	if declared == nil && (scope == managed.Declared || len(live) == 0) {
		return nil
	}
	out := make([]Member, len(live))
	for i, member := range live {
		out[i] = Member{
			Kind: types.StringValue(string(member.Kind)),
			Name: types.StringValue(member.Name),
			Role: types.StringValue(string(member.Role)),
		}
	}
	return out
}

func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
