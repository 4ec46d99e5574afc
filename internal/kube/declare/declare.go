// Package declare holds what a user declared of each kind. A nil field is not declared: it is left
// to other managers of the object. A field that is set is owned, its zero value included, which the
// types of api/v1alpha1 cannot express because they omit zero values.
package declare

// Workspace is the declared part of a v1alpha1.WorkspaceSpec.
type Workspace struct {
	DisplayName           *string   `json:"displayName,omitempty"`
	Owner                 *string   `json:"owner,omitempty"`
	Members               *[]Member `json:"members,omitempty"`
	Profiles              *[]string `json:"profiles,omitempty"`
	Quota                 *Quota    `json:"quota,omitempty"`
	Home                  *Home     `json:"home,omitempty"`
	Culling               *Culling  `json:"culling,omitempty"`
	ClassificationCeiling *string   `json:"classificationCeiling,omitempty"`
	CostCenter            *string   `json:"costCenter,omitempty"`
	DeletionPolicy        *string   `json:"deletionPolicy,omitempty"`
}

// Member is the declared part of a v1alpha1.Member.
type Member struct {
	Kind string  `json:"kind"`
	Name string  `json:"name"`
	Role *string `json:"role,omitempty"`
}

// Quota is the declared part of a v1alpha1.WorkspaceQuota.
type Quota struct {
	CPU     *string `json:"cpu,omitempty"`
	Memory  *string `json:"memory,omitempty"`
	GPUs    *int32  `json:"gpus,omitempty"`
	Storage *string `json:"storage,omitempty"`
	Servers *int32  `json:"servers,omitempty"`
}

// Home is the declared part of a v1alpha1.Home.
type Home struct {
	Size             *string `json:"size,omitempty"`
	StorageClassName *string `json:"storageClassName,omitempty"`
}

// Culling is the declared part of a v1alpha1.Culling.
type Culling struct {
	IdleAfter *string `json:"idleAfter,omitempty"`
	MaxHold   *string `json:"maxHold,omitempty"`
}

// Profile is the declared part of a v1alpha1.ProfileSpec.
type Profile struct {
	DisplayName *string   `json:"displayName,omitempty"`
	Description *string   `json:"description,omitempty"`
	Image       *string   `json:"image,omitempty"`
	Sizes       *[]Size   `json:"sizes,omitempty"`
	NodePool    *NodePool `json:"nodePool,omitempty"`
	Env         *[]EnvVar `json:"env,omitempty"`
	Packages    *[]string `json:"packages,omitempty"`
}

// Size is the declared part of a v1alpha1.Size.
type Size struct {
	Name        string  `json:"name"`
	DisplayName *string `json:"displayName,omitempty"`
	Default     *bool   `json:"default,omitempty"`
	CPU         *Range  `json:"cpu,omitempty"`
	Memory      *Range  `json:"memory,omitempty"`
	GPU         *GPU    `json:"gpu,omitempty"`
}

// Range is the declared part of a v1alpha1.ResourceRange.
type Range struct {
	Guarantee *string `json:"guarantee,omitempty"`
	Limit     *string `json:"limit,omitempty"`
}

// GPU is the declared part of a v1alpha1.GPU.
type GPU struct {
	Resource *string `json:"resource,omitempty"`
	Count    *int32  `json:"count,omitempty"`
}

// NodePool is the declared part of a v1alpha1.NodePool.
type NodePool struct {
	NodeSelector *map[string]string `json:"nodeSelector,omitempty"`
	Tolerations  *[]Toleration      `json:"tolerations,omitempty"`
}

// Toleration is the declared part of a v1alpha1.Toleration.
type Toleration struct {
	Key    string  `json:"key"`
	Value  *string `json:"value,omitempty"`
	Effect *string `json:"effect,omitempty"`
}

// EnvVar is a v1alpha1.EnvVar.
type EnvVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
