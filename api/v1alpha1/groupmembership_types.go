package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GroupMembershipSpec is which groups a person is in, as the identity provider last stated it.
//
// +kubebuilder:validation:XValidation:rule="self.userName == self.userName.lowerAscii()",fieldPath=".userName",message="user names are in lower case here, as the hub folds them"
// +kubebuilder:validation:XValidation:rule="self.userName == oldSelf.userName",fieldPath=".userName",message="an object stays that of one person"
// +kubebuilder:validation:XValidation:rule="self.confirmedAt >= oldSelf.confirmedAt",fieldPath=".confirmedAt",message="what was confirmed later counts: confirmedAt never goes back"
type GroupMembershipSpec struct {
	// userName of the person, as the identity provider states it.
	// +required
	UserName UserName `json:"userName"`

	// groups of the identity provider that the person is in.
	// +listType=set
	// +kubebuilder:validation:MaxItems=1000
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +optional
	Groups []string `json:"groups,omitempty"`

	// confirmedAt is when the identity provider last stated the groups. Some time after it they count no longer.
	// +required
	ConfirmedAt Instant `json:"confirmedAt"`
}

// GroupMembership is which groups of the identity provider somebody is in who has signed in. The hub writes it and nobody else may:
// grants to groups reach people by it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=groupmemberships,singular=groupmembership
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.userName`
// +kubebuilder:printcolumn:name="Groups",type=string,JSONPath=`.spec.groups`
// +kubebuilder:printcolumn:name="Confirmed",type=date,JSONPath=`.spec.confirmedAt`
// +kubebuilder:validation:XValidation:rule="self.metadata.name == self.spec.userName.lowerAscii() || self.metadata.name.contains('--')",message="the name is the one that objects of the person carry: the user name in lower case, or a part of it with two hyphens and a hash"
type GroupMembership struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec GroupMembershipSpec `json:"spec"`
}

// GroupMembershipList is a list of them.
//
// +kubebuilder:object:root=true
type GroupMembershipList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []GroupMembership `json:"items"`
}
