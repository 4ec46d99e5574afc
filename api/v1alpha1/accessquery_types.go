package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AccessQuestion is what is asked about access.
// +kubebuilder:validation:Enum=WhoCan;WhatCan;Why;Ghosts;Verify
type AccessQuestion string

// The questions.
const (
	// QuestionWhoCan asks who may do what to a dataset.
	QuestionWhoCan AccessQuestion = "WhoCan"
	// QuestionWhatCan asks what a person may do to which datasets.
	QuestionWhatCan AccessQuestion = "WhatCan"
	// QuestionWhy asks why a person may do what they may to a dataset, and why not more.
	QuestionWhy AccessQuestion = "Why"
	// QuestionGhosts asks for access that is live at a target and that no grant gives.
	QuestionGhosts AccessQuestion = "Ghosts"
	// QuestionVerify asks whether the ledger is as it was written.
	QuestionVerify AccessQuestion = "Verify"
)

// AccessQuerySpec is a question about access. It never changes.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a question never changes: ask another one"
// +kubebuilder:validation:XValidation:rule="has(self.dataset) == (self.question in ['WhoCan','Why'])",fieldPath=".dataset",message="dataset is required by the questions WhoCan and Why, and goes with no other"
// +kubebuilder:validation:XValidation:rule="has(self.person) == (self.question in ['WhatCan','Why'])",fieldPath=".person",message="person is required by the questions WhatCan and Why, and goes with no other"
// +kubebuilder:validation:XValidation:rule="!has(self.column) || self.question == 'WhoCan'",fieldPath=".column",message="column goes with the question WhoCan"
// +kubebuilder:validation:XValidation:rule="!has(self.at) || self.question in ['WhoCan','WhatCan','Why']",fieldPath=".at",message="at goes with the questions WhoCan, WhatCan and Why: the others are about now"
type AccessQuerySpec struct {
	// question that is asked.
	// +required
	Question AccessQuestion `json:"question"`

	// dataset that WhoCan and Why are about.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +optional
	Dataset string `json:"dataset,omitempty"`

	// column narrows WhoCan to those who may read it.
	// +optional
	Column ColumnName `json:"column,omitempty"`

	// person that WhatCan and Why are about, by user name.
	// +optional
	Person UserName `json:"person,omitempty"`

	// at is the time that is asked about, in UTC and whole seconds; now where it is left out.
	// +optional
	At Instant `json:"at,omitempty"`
}

// PersonAccess is something that a person may do.
type PersonAccess struct {
	// person by user name, in lower case.
	Person string `json:"person"`
	// dataset that it can be done to.
	Dataset string `json:"dataset"`
	// action that can be done.
	Action GrantAction `json:"action"`
	// prefix of the objects, from the top of the bucket.
	// +optional
	Prefix string `json:"prefix,omitempty"`
	// columns that are shown, as name or name=mask; none means all of them, as they are.
	// +optional
	Columns []string `json:"columns,omitempty"`
	// rows that are shown, as column=value|value; alternatives are joined by " or ". Empty means all of them.
	// +optional
	Rows string `json:"rows,omitempty"`
	// grants that give it.
	Grants []AccessGrant `json:"grants"`
}

// AccessGrant is how a grant reaches a person.
type AccessGrant struct {
	// name of the grant.
	Name string `json:"name"`
	// via is the subject of the grant, such as group:analysts.
	Via string `json:"via"`
	// until is when it ends.
	Until Instant `json:"until"`
}

// NotEvaluable is what cannot be answered.
type NotEvaluable struct {
	// about what: a subject, a dataset or a time.
	About string `json:"about"`
	// why it cannot.
	Why string `json:"why"`
	// grants that it concerns.
	// +optional
	Grants []string `json:"grants,omitempty"`
}

// GhostAccess is access that is live and that no grant gives.
type GhostAccess struct {
	// target where it is live.
	Target GrantTarget `json:"target"`
	// account that has it there.
	Account string `json:"account"`
	// policy or rule that gives it.
	// +optional
	Policy string `json:"policy,omitempty"`
	// access that it gives, or why it cannot be read.
	Access []string `json:"access"`
}

// AskedTarget is a target that was asked for what is live.
type AskedTarget struct {
	// name of the target.
	Name GrantTarget `json:"name"`
	// ghosts that were found.
	Ghosts int32 `json:"ghosts"`
	// error says why it could not be asked.
	// +optional
	Error string `json:"error,omitempty"`
}

// LedgerHead is how far the ledger was read.
type LedgerHead struct {
	// seq is the number of the last row.
	Seq int64 `json:"seq"`
	// hash of that row.
	Hash string `json:"hash"`
}

// AccessQueryStatus is the answer.
type AccessQueryStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready once it is answered; Stalled where it cannot be.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// at is the time that the answer is about.
	// +optional
	At Instant `json:"at,omitempty"`

	// ledger is how far the ledger was read for it.
	// +optional
	Ledger *LedgerHead `json:"ledger,omitempty"`

	// digest of the answer: the same question about the same time in the past has the same one at any later time.
	// +optional
	Digest string `json:"digest,omitempty"`

	// access that there is.
	// +kubebuilder:validation:MaxItems=4000
	// +optional
	Access []PersonAccess `json:"access,omitempty"`

	// notEvaluable is what cannot be answered: it is not known that there is no access.
	// +optional
	NotEvaluable []NotEvaluable `json:"notEvaluable,omitempty"`

	// explanation of a Why: each grant of the data, and what it gives the person or why it gives nothing.
	// +optional
	Explanation []string `json:"explanation,omitempty"`

	// targets that were asked, for Ghosts.
	// +optional
	Targets []AskedTarget `json:"targets,omitempty"`

	// ghosts that were found.
	// +kubebuilder:validation:MaxItems=4000
	// +optional
	Ghosts []GhostAccess `json:"ghosts,omitempty"`

	// tampered is the first row of the ledger that is not as it was written, for Verify; 0 where there is none.
	// +optional
	Tampered int64 `json:"tampered,omitempty"`
}

// AccessQuery is a question about who may do what to data, now or in the past. The operator answers it in the status, and
// removes it some minutes later.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=accessqueries,singular=accessquery,shortName=aq
// +kubebuilder:printcolumn:name="Question",type=string,JSONPath=`.spec.question`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type AccessQuery struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec AccessQuerySpec `json:"spec"`
	// +optional
	Status AccessQueryStatus `json:"status,omitempty"`
}

// AccessQueryList is a list of questions.
//
// +kubebuilder:object:root=true
type AccessQueryList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessQuery `json:"items"`
}
