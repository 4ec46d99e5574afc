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
	Backup                *Backup   `json:"backup,omitempty"`
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

// Backup is the declared part of a v1alpha1.Backup.
type Backup struct {
	Every *string `json:"every,omitempty"`
	At    *string `json:"at,omitempty"`
	Keep  *int32  `json:"keep,omitempty"`
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

// Schedule is the declared part of a v1alpha1.ScheduleSpec.
type Schedule struct {
	Owner         *string  `json:"owner,omitempty"`
	Description   *string  `json:"description,omitempty"`
	Profile       *string  `json:"profile,omitempty"`
	Size          *string  `json:"size,omitempty"`
	Cron          *string  `json:"cron,omitempty"`
	TimeZone      *string  `json:"timeZone,omitempty"`
	Start         *string  `json:"start,omitempty"`
	End           *string  `json:"end,omitempty"`
	Tasks         *[]Task  `json:"tasks,omitempty"`
	CatchUp       *CatchUp `json:"catchUp,omitempty"`
	Overlap       *string  `json:"overlap,omitempty"`
	StartDeadline *string  `json:"startDeadline,omitempty"`
	Output        *Output  `json:"output,omitempty"`
	Notify        *Notify  `json:"notify,omitempty"`
	HistoryLimit  *int32   `json:"historyLimit,omitempty"`
	Suspend       *bool    `json:"suspend,omitempty"`
	Engine        *string  `json:"engine,omitempty"`
}

// Task is the declared part of a v1alpha1.Task.
type Task struct {
	Name       string       `json:"name"`
	Notebook   *Notebook    `json:"notebook,omitempty"`
	Parameters *[]Parameter `json:"parameters,omitempty"`
	DependsOn  *[]string    `json:"dependsOn,omitempty"`
	Retries    *Retries     `json:"retries,omitempty"`
	Timeout    *string      `json:"timeout,omitempty"`
	Size       *string      `json:"size,omitempty"`
}

// Notebook is the declared part of a v1alpha1.Notebook.
type Notebook struct {
	Home   *string `json:"home,omitempty"`
	Git    *Git    `json:"git,omitempty"`
	Object *string `json:"object,omitempty"`
}

// Git is the declared part of a v1alpha1.GitNotebook.
type Git struct {
	Repository *string `json:"repository,omitempty"`
	Ref        *string `json:"ref,omitempty"`
	Path       *string `json:"path,omitempty"`
}

// Parameter is a v1alpha1.Parameter.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Retries is the declared part of a v1alpha1.Retries.
type Retries struct {
	Limit      *int32  `json:"limit,omitempty"`
	Backoff    *string `json:"backoff,omitempty"`
	MaxBackoff *string `json:"maxBackoff,omitempty"`
}

// CatchUp is the declared part of a v1alpha1.CatchUp.
type CatchUp struct {
	Policy *string `json:"policy,omitempty"`
	Limit  *int32  `json:"limit,omitempty"`
}

// Output is the declared part of a v1alpha1.Output.
type Output struct {
	Prefix *string `json:"prefix,omitempty"`
}

// Notify is the declared part of a v1alpha1.Notify.
type Notify struct {
	Webhooks *[]string `json:"webhooks,omitempty"`
	Mail     *[]string `json:"mail,omitempty"`
	Digest   *string   `json:"digest,omitempty"`
}
