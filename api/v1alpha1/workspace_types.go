package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MemberKind tells a person from a group of the identity provider.
// +kubebuilder:validation:Enum=User;Group
type MemberKind string

// The kinds of members.
const (
	MemberUser  MemberKind = "User"
	MemberGroup MemberKind = "Group"
)

// Role is what a member may do in a workspace.
// +kubebuilder:validation:Enum=Owner;Member;Viewer
type Role string

// The roles, from the most to the least.
const (
	// RoleOwner may do what a member may, and stop other members' servers.
	RoleOwner Role = "Owner"
	// RoleMember may start servers and see the workspace's pods and logs.
	RoleMember Role = "Member"
	// RoleViewer may see that the workspace and its servers exist.
	RoleViewer Role = "Viewer"
)

// DeletionPolicy says what becomes of people's homes when a workspace is deleted.
// +kubebuilder:validation:Enum=Retain;Snapshot;Delete
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionRetain keeps the namespace and its homes; a workspace of the same name finds them.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionSnapshot keeps a snapshot of each home and deletes the rest.
	DeletionSnapshot DeletionPolicy = "Snapshot"
	// DeletionDelete deletes the homes with the namespace.
	DeletionDelete DeletionPolicy = "Delete"
)

// Classification is the sensitivity of data, from C1 (public) to C4 (secret).
// +kubebuilder:validation:Enum=C1;C2;C3;C4
type Classification string

// WorkspaceSpec is what a team asks for.
//
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.home.storageClassName) || (has(self.home.storageClassName) && self.home.storageClassName == oldSelf.home.storageClassName)",fieldPath=".home.storageClassName",message="home.storageClassName cannot be changed: existing homes stay where they are"
type WorkspaceSpec struct {
	// displayName is the name that people see.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	DisplayName string `json:"displayName"`

	// owner is the user name of the person who answers for the workspace; the owner has the role Owner.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!self.matches('\\\\s')",message="owner must not contain white space"
	// +required
	Owner string `json:"owner"`

	// members are the people and groups who may use the workspace, besides the owner.
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=500
	// +optional
	Members []Member `json:"members,omitempty"`

	// profiles are the names of the profiles that servers and schedules of this workspace may use.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Profiles []string `json:"profiles"`

	// quota bounds what all servers and runs of the workspace may use together.
	// +required
	Quota WorkspaceQuota `json:"quota"`

	// home is the storage that each person finds again at every start.
	// +kubebuilder:default={}
	// +optional
	Home Home `json:"home,omitempty"`

	// backup says how often homes are copied to where they can be restored from.
	// +kubebuilder:default={}
	// +optional
	Backup Backup `json:"backup,omitempty"`

	// culling says when an idle server is stopped.
	// +kubebuilder:default={}
	// +optional
	Culling Culling `json:"culling,omitempty"`

	// classificationCeiling is the highest class of data that may be granted to the workspace.
	// +kubebuilder:default=C2
	// +optional
	ClassificationCeiling Classification `json:"classificationCeiling,omitempty"`

	// costCenter is copied to the namespace as the label atoll.dev/cost-center.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`
	// +optional
	CostCenter string `json:"costCenter,omitempty"`

	// deletionPolicy says what becomes of people's homes when the workspace is deleted.
	// +kubebuilder:default=Retain
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// Member is a person or a group with a role.
type Member struct {
	// kind is User for a person, or Group for a group of the identity provider.
	// +kubebuilder:default=User
	// +required
	Kind MemberKind `json:"kind"`

	// name is the user name or the group name as the identity provider states it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!self.matches('\\\\s')",message="name must not contain white space"
	// +required
	Name string `json:"name"`

	// role is what the member may do.
	// +kubebuilder:default=Member
	// +optional
	Role Role `json:"role,omitempty"`
}

// WorkspaceQuota bounds a workspace as a whole.
type WorkspaceQuota struct {
	// cpu is the sum of the CPU limits of all pods, in cores.
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="cpu must be greater than 0, for example \"8\" or \"500m\""
	// +required
	CPU resource.Quantity `json:"cpu"`

	// memory is the sum of the memory limits of all pods, in bytes.
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="memory must be greater than 0, for example \"16Gi\""
	// +required
	Memory resource.Quantity `json:"memory"`

	// gpus is the number of GPUs of all pods.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	// +kubebuilder:default=0
	// +optional
	GPUs int32 `json:"gpus,omitempty"`

	// storage is the sum of the sizes of all volume claims, homes included, in bytes.
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="storage must be greater than 0, for example \"100Gi\""
	// +required
	Storage resource.Quantity `json:"storage"`

	// servers is how many notebook servers may run at the same time.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	// +kubebuilder:default=10
	// +optional
	Servers int32 `json:"servers,omitempty"`
}

// Home is a person's storage in a workspace.
type Home struct {
	// size of each home, in bytes. It may grow where the storage class allows it, and never shrinks.
	// +kubebuilder:default="10Gi"
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="size must be greater than 0, for example \"10Gi\""
	// +kubebuilder:validation:XValidation:rule="!quantity(string(self)).isLessThan(quantity(string(oldSelf)))",message="size cannot shrink: volumes only grow"
	// +optional
	Size resource.Quantity `json:"size,omitempty"`

	// storageClassName of the homes; empty means the platform's or the cluster's default. It cannot be changed.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	StorageClassName string `json:"storageClassName,omitempty"`
}

// BackupInterval is how often each home is backed up.
// +kubebuilder:validation:Enum=Never;Hour;Day;Week
type BackupInterval string

// The intervals of backups.
const (
	BackupNever BackupInterval = "Never"
	BackupHour  BackupInterval = "Hour"
	BackupDay   BackupInterval = "Day"
	// BackupWeek backs homes up on Sundays.
	BackupWeek BackupInterval = "Week"
)

// Backup says when homes are backed up and how many backups of each are kept.
type Backup struct {
	// every is how often: Never, Hour, Day or Week (on Sunday).
	// +kubebuilder:default=Day
	// +optional
	Every BackupInterval `json:"every,omitempty"`

	// at is the time of day in UTC, HH:MM, from which homes are backed up, spread over the hour that follows. It says
	// nothing where every is Hour.
	// +kubebuilder:default="01:00"
	// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
	// +optional
	At string `json:"at,omitempty"`

	// keep is how many backups of each home are kept: the latest ones.
	// +kubebuilder:default=14
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=366
	// +optional
	Keep int32 `json:"keep,omitempty"`
}

// Culling bounds how long a server may idle.
type Culling struct {
	// idleAfter is how long a server may be idle before it is stopped, from 5m to 168h.
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('5m') && duration(self) <= duration('168h')",message="idleAfter must be from 5m to 168h"
	// +optional
	IdleAfter metav1.Duration `json:"idleAfter,omitempty"`

	// maxHold is the longest time for which a person may hold an idle server, up to 168h; 0s forbids holding.
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('168h')",message="maxHold must be from 0s to 168h"
	// +optional
	MaxHold metav1.Duration `json:"maxHold,omitempty"`
}

// WorkspaceStatus is what the operator has made of the spec.
type WorkspaceStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Stalled when only a person can help.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// namespace that holds the workspace's servers and homes.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// hubURL is where a member starts a server.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	HubURL string `json:"hubURL,omitempty"`

	// people is the number of persons listed by name, the owner included.
	// +optional
	People int32 `json:"people,omitempty"`

	// servers is the number of notebook servers that exist now.
	// +optional
	Servers int32 `json:"servers,omitempty"`

	// usage is what counts against the quota now.
	// +optional
	Usage *WorkspaceUsage `json:"usage,omitempty"`
}

// WorkspaceUsage mirrors WorkspaceQuota with what is in use.
type WorkspaceUsage struct {
	// cpu in use, in cores.
	// +optional
	CPU resource.Quantity `json:"cpu,omitempty"`
	// memory in use, in bytes.
	// +optional
	Memory resource.Quantity `json:"memory,omitempty"`
	// gpus in use.
	// +optional
	GPUs int32 `json:"gpus,omitempty"`
	// storage claimed, in bytes.
	// +optional
	Storage resource.Quantity `json:"storage,omitempty"`
	// servers running.
	// +optional
	Servers int32 `json:"servers,omitempty"`
}

// Workspace is where a team works: a namespace with members, profiles, homes and a quota.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=ws,categories=atoll
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner`
// +kubebuilder:printcolumn:name="People",type=integer,JSONPath=`.status.people`
// +kubebuilder:printcolumn:name="Servers",type=integer,JSONPath=`.status.servers`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 40",message="metadata.name: the name of a workspace is 1 to 40 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
type Workspace struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec WorkspaceSpec `json:"spec"`
	// +optional
	Status WorkspaceStatus `json:"status,omitempty"`
}

// WorkspaceList is a list of workspaces.
//
// +kubebuilder:object:root=true
type WorkspaceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Workspace `json:"items"`
}
