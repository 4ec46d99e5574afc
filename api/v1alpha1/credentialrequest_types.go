package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reasons of the condition Ready of a CredentialRequest. Where the data is granted and not yet or no longer open, the reason is the one
// that the grant has.
const (
	// ReasonLent says that there is a key.
	ReasonLent = "Lent"
	// ReasonNothingGranted says that nothing is granted to the person.
	ReasonNothingGranted = "NothingGranted"
	// ReasonDatasetNotFound says that there is no such dataset.
	ReasonDatasetNotFound = "DatasetNotFound"
	// ReasonNoObjects says that the dataset is a table, which keys do not open.
	ReasonNoObjects = "NoObjects"
	// ReasonNoKeys says that the platform hands out no keys.
	ReasonNoKeys = "NoKeys"
	// ReasonKeyGone says that the key that was lent is not the person's any more.
	ReasonKeyGone = "KeyGone"
)

// CredentialRequestSpec asks for a key of the object store. Of it nothing changes but renewals, which goes up.
//
// +kubebuilder:validation:XValidation:rule="self.person == oldSelf.person && has(self.dataset) == has(oldSelf.dataset) && (!has(self.dataset) || self.dataset == oldSelf.dataset) && self.expirationSeconds == oldSelf.expirationSeconds && self.publicKey == oldSelf.publicKey && self.requestedBy == oldSelf.requestedBy",message="a request never changes but by renewals: make another one"
// +kubebuilder:validation:XValidation:rule="(has(self.renewals) ? self.renewals : 0) >= (has(oldSelf.renewals) ? oldSelf.renewals : 0)",fieldPath=".renewals",message="renewals only goes up"
type CredentialRequestSpec struct {
	// person whose key it is, by user name.
	// +required
	Person UserName `json:"person"`

	// dataset that must be open to the person, and with whose grants the credentials end; any where it is left out.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +optional
	Dataset string `json:"dataset,omitempty"`

	// expirationSeconds is for how long they are wanted. They may end earlier, with what is granted.
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=3600
	// +required
	ExpirationSeconds int32 `json:"expirationSeconds"`

	// renewals is how often they were wanted for another expirationSeconds.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Renewals int32 `json:"renewals,omitempty"`

	// publicKey of X25519, in base64. The secret is sealed to it, and who holds its private key is the only one who can read it.
	// +kubebuilder:validation:MinLength=44
	// +kubebuilder:validation:MaxLength=44
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9+/]{43}=$`
	// +required
	PublicKey string `json:"publicKey"`

	// requestedBy is the user who asks, as the API server knows them.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	RequestedBy string `json:"requestedBy"`
}

// CredentialRequestStatus is the answer.
type CredentialRequestStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready once there is a key; Stalled where there is none.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// accessKeyID of the key.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	AccessKeyID string `json:"accessKeyID,omitempty"`

	// sealedSecretAccessKey is the secret, sealed to publicKey by HPKE, in base64.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	SealedSecretAccessKey string `json:"sealedSecretAccessKey,omitempty"`

	// endpoint of the object store; that of Amazon S3 where there is none.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// region that clients name.
	// +optional
	Region string `json:"region,omitempty"`

	// expiration is when the credentials end.
	// +optional
	Expiration Instant `json:"expiration,omitempty"`
}

// CredentialRequest asks for short-lived credentials of a person for the object store, from outside of the cluster. The operator answers it
// in the status and takes the key back when the request is deleted, which it does itself when the credentials have ended.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=credentialrequests,singular=credentialrequest,shortName=creq
// +kubebuilder:printcolumn:name="Person",type=string,JSONPath=`.spec.person`
// +kubebuilder:printcolumn:name="Dataset",type=string,JSONPath=`.spec.dataset`
// +kubebuilder:printcolumn:name="Asked by",type=string,JSONPath=`.spec.requestedBy`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Key",type=string,JSONPath=`.status.accessKeyID`
// +kubebuilder:printcolumn:name="Until",type=string,JSONPath=`.status.expiration`
type CredentialRequest struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec CredentialRequestSpec `json:"spec"`
	// +optional
	Status CredentialRequestStatus `json:"status,omitempty"`
}

// CredentialRequestList is a list of requests.
//
// +kubebuilder:object:root=true
type CredentialRequestList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []CredentialRequest `json:"items"`
}
