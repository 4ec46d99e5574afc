package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Placement says how strictly pods keep to their subcluster's nodes.
// +kubebuilder:validation:Enum=Required;Relaxed
type Placement string

// The placements.
const (
	// PlacementRequired keeps pods on nodes that carry their subcluster's label and taint.
	PlacementRequired Placement = "Required"
	// PlacementRelaxed lets pods run on any node, for clusters with one node.
	PlacementRelaxed Placement = "Relaxed"
)

// Availability says how many replicas the coordinating components have.
// +kubebuilder:validation:Enum=High;Single
type Availability string

// The availabilities.
const (
	// AvailabilityHigh runs two or more replicas on different nodes.
	AvailabilityHigh Availability = "High"
	// AvailabilitySingle runs one replica.
	AvailabilitySingle Availability = "Single"
)

// AccessType says how people reach the platform.
// +kubebuilder:validation:Enum=NodePort;LoadBalancer;ClusterIP
type AccessType string

// The access types.
const (
	AccessNodePort     AccessType = "NodePort"
	AccessLoadBalancer AccessType = "LoadBalancer"
	AccessClusterIP    AccessType = "ClusterIP"
)

// ComponentState says whether a component is installed.
// +kubebuilder:validation:Enum=Enabled;Disabled
type ComponentState string

// The component states.
const (
	ComponentEnabled  ComponentState = "Enabled"
	ComponentDisabled ComponentState = "Disabled"
)

// PlatformSpec is what platform.yaml asks for.
//
// +kubebuilder:validation:XValidation:rule="size(self.identity.issuer) > 0 || self.access.type == 'NodePort' || size(self.access.identityURL) > 0",fieldPath=".identity.issuer",message="set identity.issuer to your OIDC provider, or access.identityURL to where the platform's own Keycloak is reached"
// +kubebuilder:validation:XValidation:rule="self.access.type == 'NodePort' || size(self.access.hubURL) > 0",fieldPath=".access.hubURL",message="access.hubURL is required unless access.type is NodePort"
type PlatformSpec struct {
	// placement: Required keeps each subcluster on its own nodes; Relaxed is for a cluster with one node.
	// +kubebuilder:default=Required
	// +optional
	Placement Placement `json:"placement,omitempty"`

	// availability: High runs two replicas of what coordinates; Single runs one.
	// +kubebuilder:default=High
	// +optional
	Availability Availability `json:"availability,omitempty"`

	// storageClassName of every volume; empty means the cluster's default.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	StorageClassName string `json:"storageClassName,omitempty"`

	// images says where the platform's images are pulled from.
	// +kubebuilder:default={}
	// +optional
	Images Images `json:"images,omitempty"`

	// access says how people reach the platform.
	// +kubebuilder:default={}
	// +optional
	Access Access `json:"access,omitempty"`

	// identity is the OIDC provider that everyone signs in with.
	// +kubebuilder:default={}
	// +optional
	Identity Identity `json:"identity,omitempty"`

	// aws is the account that enforces grants; left out elsewhere. S3 is the object store then.
	// +optional
	AWS *AWS `json:"aws,omitempty"`

	// components overrides single components: whether they run, their chart, their values.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Components []Component `json:"components,omitempty"`
}

// Images is where images come from.
type Images struct {
	// registry is the prefix of the platform's images.
	// +kubebuilder:default="docker.io/atoll"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9][-a-z0-9._:/]*[a-z0-9]$`
	// +optional
	Registry string `json:"registry,omitempty"`

	// version is the tag of the platform's images; empty means the installer's own version.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9_][-A-Za-z0-9_.]*)?$`
	// +optional
	Version string `json:"version,omitempty"`
}

// Access is how people reach the platform.
type Access struct {
	// type of the Services that face people.
	// +kubebuilder:default=ClusterIP
	// +optional
	Type AccessType `json:"type,omitempty"`

	// host under which NodePorts are reached; empty means the first node's internal address.
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Host string `json:"host"`

	// hubURL is the hub's address in a browser; empty means derived from host and node port.
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https?://[^\s/]+[^\s]*)?$`
	// +optional
	HubURL string `json:"hubURL"`

	// identityURL is the address of the platform's own Keycloak in a browser; empty means derived from host and node port.
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https?://[^\s/]+[^\s]*)?$`
	// +optional
	IdentityURL string `json:"identityURL"`
}

// Identity is the OIDC provider. With an issuer it is yours (Okta, Google, Keycloak, ...);
// without one the platform runs Keycloak as its component named identity.
type Identity struct {
	// issuer is the OIDC issuer URL; empty means the platform's own Keycloak.
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https?://[^\s/]+[^\s]*)?$`
	// +optional
	Issuer string `json:"issuer"`

	// clientID of the hub at the provider.
	// +kubebuilder:default="atoll-hub"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ClientID string `json:"clientID,omitempty"`

	// usernameClaim is the claim that becomes the user name.
	// +kubebuilder:default="preferred_username"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +optional
	UsernameClaim string `json:"usernameClaim,omitempty"`

	// groupsClaim is the claim that lists a person's groups.
	// +kubebuilder:default="groups"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +optional
	GroupsClaim string `json:"groupsClaim,omitempty"`

	// scopes asked for at sign-in.
	// +listType=set
	// +kubebuilder:default={"openid","profile","email"}
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.exists(s, s == 'openid')",message="scopes must contain openid"
	// +optional
	Scopes []string `json:"scopes,omitempty"`

	// people that the platform's own Keycloak starts with; their passwords are generated and kept in a Secret.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=100
	// +optional
	People []Person `json:"people,omitempty"`
}

// Person is an account of the platform's own Keycloak.
type Person struct {
	// name is the user name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9_.]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`

	// email address.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([^@\s]+@[^@\s]+)?$`
	// +optional
	Email string `json:"email,omitempty"`

	// groups the person is in.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +optional
	Groups []string `json:"groups,omitempty"`
}

// Component overrides one component.
type Component struct {
	// name of the component, as `atoll status` lists it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=53
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`

	// state: Disabled leaves the component out.
	// +kubebuilder:default=Enabled
	// +optional
	State ComponentState `json:"state,omitempty"`

	// chart replaces the embedded chart by another one.
	// +optional
	Chart *ChartSource `json:"chart,omitempty"`

	// values are merged over the platform's values for the component.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +optional
	Values *runtime.RawExtension `json:"values,omitempty"`
}

// ChartSource is a chart in a repository.
type ChartSource struct {
	// repo is an HTTPS Helm repository or an OCI reference.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https|oci)://[^\s]+$`
	// +required
	Repo string `json:"repo"`

	// name of the chart in the repository; the component's name when empty.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Name string `json:"name,omitempty"`

	// version of the chart, exact.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^v?[0-9]+\.[0-9]+\.[0-9]+[-+.A-Za-z0-9]*$`
	// +required
	Version string `json:"version"`

	// digest of the chart's archive (HTTPS) or manifest (OCI).
	// +kubebuilder:validation:Pattern=`^sha256:[a-f0-9]{64}$`
	// +required
	Digest string `json:"digest"`
}

// Platform is the content of platform.yaml: one installation. It is read by the installer and
// is not stored in the cluster as an object of its own.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,categories=atoll
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 30",message="metadata.name: the name of a platform is 1 to 30 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.aws) || self.metadata.name.matches('^[a-z]')",message="metadata.name: on AWS the name of a platform begins with a letter, since roles are named after it"
type Platform struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec PlatformSpec `json:"spec"`
}

// PlatformList is a list of platforms.
//
// +kubebuilder:object:root=true
type PlatformList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Platform `json:"items"`
}
