package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProfileSpec is an environment that people work in, the same for a server and for a schedule.
type ProfileSpec struct {
	// displayName is the name that people see.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	DisplayName string `json:"displayName"`

	// description is a sentence or two that helps people choose.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Description string `json:"description,omitempty"`

	// image is pinned: with a digest, or with a tag other than latest.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9][-a-zA-Z0-9._:/]*(@sha256:[a-f0-9]{64})?$') && (self.contains('@sha256:') || (self.matches(':[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127}$') && !self.endsWith(':latest')))",message="image must be pinned by a digest (name@sha256:...) or by a tag other than latest (name:1.2.3)"
	// +required
	Image string `json:"image"`

	// sizes a person may choose from; the default is the one marked so, or else the first.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=7
	// +kubebuilder:validation:XValidation:rule="self.filter(s, has(s.default) && s.default).size() <= 1",message="at most one size may be the default"
	// +required
	Sizes []Size `json:"sizes"`

	// nodePool says on which nodes pods of this profile run, in addition to the subcluster's own placement.
	// +optional
	NodePool *NodePool `json:"nodePool,omitempty"`

	// env are environment variables of the pods. They are readable by everyone: no secrets.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Env []EnvVar `json:"env,omitempty"`

	// packages are what the image holds beyond the base, for people to read (name or name==version).
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	// +optional
	Packages []string `json:"packages,omitempty"`
}

// Size is a choice of CPU, memory and GPU.
//
// +kubebuilder:validation:XValidation:rule="!quantity(string(self.cpu.guarantee)).isGreaterThan(quantity(string(self.cpu.limit)))",fieldPath=".cpu.guarantee",message="cpu.guarantee must not exceed cpu.limit"
// +kubebuilder:validation:XValidation:rule="!quantity(string(self.memory.guarantee)).isGreaterThan(quantity(string(self.memory.limit)))",fieldPath=".memory.guarantee",message="memory.guarantee must not exceed memory.limit"
type Size struct {
	// name of the size, unique in the profile.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`

	// displayName is the name that people see; the name when empty.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	DisplayName string `json:"displayName,omitempty"`

	// default marks the size that is preselected.
	// +optional
	Default bool `json:"default,omitempty"`

	// cpu in cores.
	// +required
	CPU ResourceRange `json:"cpu"`

	// memory in bytes.
	// +required
	Memory ResourceRange `json:"memory"`

	// gpu, when the size has any.
	// +optional
	GPU *GPU `json:"gpu,omitempty"`
}

// ResourceRange is what a pod is sure to get and what it may reach.
type ResourceRange struct {
	// guarantee is the pod's request.
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="guarantee must be greater than 0"
	// +required
	Guarantee resource.Quantity `json:"guarantee"`

	// limit is the pod's limit.
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="limit must be greater than 0"
	// +required
	Limit resource.Quantity `json:"limit"`
}

// GPU is a number of devices of one kind.
type GPU struct {
	// resource is the extended resource's name.
	// +kubebuilder:default="nvidia.com/gpu"
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9.-]+/[a-zA-Z0-9._-]+$`
	// +optional
	Resource string `json:"resource,omitempty"`

	// count of devices.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	// +required
	Count int32 `json:"count"`
}

// NodePool selects nodes.
type NodePool struct {
	// nodeSelector are labels that a node must have.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations of the nodes' taints.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Tolerations []Toleration `json:"tolerations,omitempty"`
}

// Toleration lets a pod run on a tainted node.
type Toleration struct {
	// key of the taint.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Key string `json:"key"`

	// value of the taint; empty tolerates every value.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Value string `json:"value,omitempty"`

	// effect of the taint; empty tolerates every effect.
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	// +optional
	Effect string `json:"effect,omitempty"`
}

// EnvVar is an environment variable with a literal value.
type EnvVar struct {
	// name of the variable.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	// +required
	Name string `json:"name"`

	// value of the variable.
	// +kubebuilder:validation:MaxLength=4096
	// +required
	Value string `json:"value"`
}

// ProfileStatus is what the operator sees of the profile's use.
type ProfileStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Stalled when only a person can help.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// workspaces is the number of workspaces that allow the profile.
	// +optional
	Workspaces int32 `json:"workspaces"`

	// servers is the number of notebook servers that run it now.
	// +optional
	Servers int32 `json:"servers"`
}

// Profile is an environment: a pinned image and the sizes it may run in.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=prof,categories=atoll
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="Workspaces",type=integer,JSONPath=`.status.workspaces`
// +kubebuilder:printcolumn:name="Servers",type=integer,JSONPath=`.status.servers`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 40",message="metadata.name: the name of a profile is 1 to 40 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
type Profile struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec ProfileSpec `json:"spec"`
	// +optional
	Status ProfileStatus `json:"status,omitempty"`
}

// ProfileList is a list of profiles.
//
// +kubebuilder:object:root=true
type ProfileList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Profile `json:"items"`
}
