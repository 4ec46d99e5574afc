package v1alpha1

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SubjectKind tells whom a grant is for.
// +kubebuilder:validation:Enum=User;Group;Workspace
type SubjectKind string

// The kinds of subjects.
const (
	// SubjectUser is one person.
	SubjectUser SubjectKind = "User"
	// SubjectGroup is everyone in a group of the identity provider.
	SubjectGroup SubjectKind = "Group"
	// SubjectWorkspace is every owner and member of a workspace, but not its viewers.
	SubjectWorkspace SubjectKind = "Workspace"
)

// GrantAction is one thing that may be done to data. There is no word for all of them.
// +kubebuilder:validation:Enum=Read;List;Write;Delete;Select;Insert;Update
type GrantAction string

// The actions. Objects know Read, List, Write and Delete; tables know Select, Insert, Update and Delete.
const (
	ActionRead   GrantAction = "Read"
	ActionList   GrantAction = "List"
	ActionWrite  GrantAction = "Write"
	ActionDelete GrantAction = "Delete"
	ActionSelect GrantAction = "Select"
	ActionInsert GrantAction = "Insert"
	ActionUpdate GrantAction = "Update"
)

// MaskKind is what is shown of a value instead of it.
// +kubebuilder:validation:Enum=Null;Redact;Hash
type MaskKind string

// The masks, from the least that is shown to the most.
const (
	// MaskNull shows nothing.
	MaskNull MaskKind = "Null"
	// MaskRedact shows that there is a value.
	MaskRedact MaskKind = "Redact"
	// MaskHash shows the same token for the same value, so that rows can be joined and counted.
	MaskHash MaskKind = "Hash"
)

// GrantProcedure is how a grant comes about.
// +kubebuilder:validation:Enum=Standard;BreakGlass
type GrantProcedure string

// The procedures.
const (
	// ProcedureStandard needs approvals by others before anything is granted.
	ProcedureStandard GrantProcedure = "Standard"
	// ProcedureBreakGlass is approved by the requester in an emergency, is short and is reviewed afterwards.
	ProcedureBreakGlass GrantProcedure = "BreakGlass"
)

// GrantPhase is where a grant is in its life.
// +kubebuilder:validation:Enum=Pending;Active;Expired;Revoked;Refused
type GrantPhase string

// The phases of a grant.
const (
	// GrantPending waits for approvals or for its time.
	GrantPending GrantPhase = "Pending"
	// GrantActive is in force: inside its window, and every target has it.
	GrantActive GrantPhase = "Active"
	// GrantExpired is past its window.
	GrantExpired GrantPhase = "Expired"
	// GrantRevoked was ended by a person before its time.
	GrantRevoked GrantPhase = "Revoked"
	// GrantRefused breaks a rule, which the condition Ready names, and gives no access.
	GrantRefused GrantPhase = "Refused"
)

// Finished tells whether a grant in this phase gives no access any more, whatever happens.
func (p GrantPhase) Finished() bool { return p == GrantExpired || p == GrantRevoked }

// Instant is a point in time in UTC and whole seconds, such as "2027-01-31T08:00:00Z". It is a string so that it stays as it
// was written, and so that enforcement points are given the very same text.
// +kubebuilder:validation:Format=date-time
// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
type Instant string

// Time is the point in time. What is no point in time in UTC and whole seconds is an error.
func (i Instant) Time() (time.Time, error) {
	at, err := time.Parse("2006-01-02T15:04:05Z", string(i))
	if err != nil || At(at) != i {
		return time.Time{}, fmt.Errorf("%q is no time in UTC and whole seconds: write it like 2027-01-31T08:00:00Z", string(i))
	}
	return at, nil
}

// At is a point in time as an Instant; parts of a second are dropped.
func At(t time.Time) Instant { return Instant(t.UTC().Format("2006-01-02T15:04:05Z")) }

// UserName is a person's user name as the identity provider states it.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^\S+$`
// +kubebuilder:validation:XValidation:rule="!self.startsWith('system:')",message="a person's user name is wanted, and system: accounts are none"
type UserName string

// DataGrantSpec says who may do what to which data, for how long and why. It never changes but for what is added to
// approvedBy, reviewedBy and revocation: approvals speak of one fixed text, and a change is another grant.
//
// +kubebuilder:validation:XValidation:rule="self.subject == oldSelf.subject",fieldPath=".subject",message="a grant never changes: make another one with the new subject and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.dataset == oldSelf.dataset",fieldPath=".dataset",message="a grant never changes: make another one for the other dataset and revoke this one"
// +kubebuilder:validation:XValidation:rule="has(self.selector) == has(oldSelf.selector) && (!has(self.selector) || self.selector == oldSelf.selector)",fieldPath=".selector",message="a grant never changes: make another one with the new selector and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.actions == oldSelf.actions",fieldPath=".actions",message="a grant never changes: make another one with the new actions and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.notBefore == oldSelf.notBefore",fieldPath=".notBefore",message="a grant never changes: make another one with the new window and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.notAfter == oldSelf.notAfter",fieldPath=".notAfter",message="a grant never changes: make another one with the new window and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.ceiling == oldSelf.ceiling",fieldPath=".ceiling",message="a grant never changes: make another one with the new ceiling and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.purpose == oldSelf.purpose",fieldPath=".purpose",message="a grant never changes: make another one with the new purpose and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.procedure == oldSelf.procedure",fieldPath=".procedure",message="a grant never changes: make another one with the new procedure and revoke this one"
// +kubebuilder:validation:XValidation:rule="self.requestedBy == oldSelf.requestedBy",fieldPath=".requestedBy",message="a grant never changes: who asked for it stays who asked for it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.approvedBy) || (has(self.approvedBy) && oldSelf.approvedBy.all(a, a in self.approvedBy))",fieldPath=".approvedBy",message="an approval cannot be taken back: set revocation to end the grant"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.revocation) || (has(self.revocation) && self.revocation == oldSelf.revocation)",fieldPath=".revocation",message="a revocation cannot be taken back: make another grant"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.reviewedBy) || (has(self.reviewedBy) && self.reviewedBy == oldSelf.reviewedBy)",fieldPath=".reviewedBy",message="a review cannot be taken back"
// +kubebuilder:validation:XValidation:rule="self.notBefore < self.notAfter",fieldPath=".notAfter",message="notAfter must be later than notBefore: the window holds notBefore and ends just before notAfter"
// +kubebuilder:validation:XValidation:rule="self.notAfter - self.notBefore <= duration('8784h')",fieldPath=".notAfter",message="a grant lasts 366 days at the most, and less for data of a higher class"
// +kubebuilder:validation:XValidation:rule="self.procedure != 'BreakGlass' || self.notAfter - self.notBefore <= duration('4h')",fieldPath=".notAfter",message="a grant by BreakGlass lasts 4 hours at the most"
// +kubebuilder:validation:XValidation:rule="self.procedure == 'BreakGlass' || !has(self.approvedBy) || !(self.requestedBy in self.approvedBy)",fieldPath=".approvedBy",message="who asks for a grant cannot approve it; in an emergency use the procedure BreakGlass"
// +kubebuilder:validation:XValidation:rule="self.procedure != 'BreakGlass' || self.subject.kind == 'User' && self.subject.name == self.requestedBy",fieldPath=".subject",message="a grant by BreakGlass is for the person who asks for it"
// +kubebuilder:validation:XValidation:rule="self.procedure == 'BreakGlass' || !has(self.reviewedBy)",fieldPath=".reviewedBy",message="only grants by BreakGlass are reviewed"
// +kubebuilder:validation:XValidation:rule="!has(self.reviewedBy) || self.reviewedBy != self.requestedBy",fieldPath=".reviewedBy",message="who broke the glass cannot review it"
// +kubebuilder:validation:XValidation:rule="self.actions.all(a, a in ['Read','List','Write','Delete']) || self.actions.all(a, a in ['Select','Insert','Update','Delete'])",fieldPath=".actions",message="actions are those of objects (Read, List, Write, Delete) or those of tables (Select, Insert, Update, Delete)"
// +kubebuilder:validation:XValidation:rule="!has(self.selector) || !has(self.selector.prefix) || self.actions.all(a, a in ['Read','List','Write','Delete'])",fieldPath=".selector.prefix",message="selector.prefix goes with the actions of objects: Read, List, Write, Delete"
// +kubebuilder:validation:XValidation:rule="!has(self.selector) || !(has(self.selector.columns) || has(self.selector.masks) || has(self.selector.rows)) || self.actions.all(a, a == 'Select')",fieldPath=".selector",message="selector.columns, masks and rows narrow what is read: they go with the action Select alone"
type DataGrantSpec struct {
	// subject is whom the grant is for.
	// +required
	Subject GrantSubject `json:"subject"`

	// dataset that the grant is of.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Dataset string `json:"dataset"`

	// selector narrows the grant to a part of the dataset; without one it is all of it.
	// +optional
	Selector *GrantSelector `json:"selector,omitempty"`

	// actions that the grant allows: of objects Read, List, Write and Delete, of tables Select, Insert, Update and Delete.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +required
	Actions []GrantAction `json:"actions"`

	// notBefore is when the grant begins, in UTC and whole seconds, such as "2027-01-31T08:00:00Z".
	// +required
	NotBefore Instant `json:"notBefore"`

	// notAfter is when the grant has ended, in UTC and whole seconds: at that very second there is no access any more.
	// +required
	NotAfter Instant `json:"notAfter"`

	// ceiling is the highest class of data that was asked for. Where the selected data counts as more, the grant is refused;
	// where it comes to count as more, the access ends.
	// +required
	Ceiling Classification `json:"ceiling"`

	// purpose says what the data is needed for, for those who approve and those who audit.
	// +kubebuilder:validation:MinLength=10
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Purpose string `json:"purpose"`

	// procedure is Standard, which needs approvals, or BreakGlass, which is for emergencies.
	// +kubebuilder:default=Standard
	// +optional
	Procedure GrantProcedure `json:"procedure,omitempty"`

	// requestedBy is the user name of the person who asks.
	// +required
	RequestedBy UserName `json:"requestedBy"`

	// approvedBy are the user names of those who agreed. Approvals are added, never taken away; who may add which name is
	// checked against the identity of whoever adds it.
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +optional
	ApprovedBy []UserName `json:"approvedBy,omitempty"`

	// reviewedBy is the user name of the person who looked at a grant by BreakGlass afterwards.
	// +optional
	ReviewedBy UserName `json:"reviewedBy,omitempty"`

	// revocation ends the grant before its time, for good.
	// +optional
	Revocation *GrantRevocation `json:"revocation,omitempty"`
}

// GrantSubject is whom a grant is for.
type GrantSubject struct {
	// kind is User for a person, Group for a group of the identity provider, or Workspace for those who work in one.
	// +required
	Kind SubjectKind `json:"kind"`

	// name is the user name, the group name or the name of the workspace.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!self.matches('\\\\s') && !self.startsWith('system:')",message="name must not contain white space, and system: accounts are no subjects"
	// +required
	Name string `json:"name"`
}

// GrantSelector narrows a grant to a part of its dataset.
type GrantSelector struct {
	// prefix below that of the dataset, such as "2027/", which narrows a grant of objects.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9!_.()=+@,:-]+/)*$`
	// +kubebuilder:validation:XValidation:rule="!('/' + self).contains('/./') && !('/' + self).contains('/../')",message="prefix must not contain the folders . and .."
	// +optional
	Prefix string `json:"prefix,omitempty"`

	// columns that may be read; without any, all of them.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=128
	// +optional
	Columns []ColumnName `json:"columns,omitempty"`

	// masks are the columns whose values are not shown as they are.
	// +listType=map
	// +listMapKey=column
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Masks []ColumnMask `json:"masks,omitempty"`

	// rows are conditions that a row must meet, every one of them, to be seen.
	// +listType=map
	// +listMapKey=column
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +optional
	Rows []RowCondition `json:"rows,omitempty"`
}

// ColumnMask says what is shown of a column.
type ColumnMask struct {
	// column that is masked.
	// +required
	Column ColumnName `json:"column"`

	// kind is Null for nothing, Redact for the fact that there is a value, or Hash for a token that stands for it.
	// +required
	Kind MaskKind `json:"kind"`
}

// RowCondition is met by rows that have one of the values in the column.
type RowCondition struct {
	// column that is compared.
	// +required
	Column ColumnName `json:"column"`

	// values of which the column must have one, compared as text.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=256
	// +required
	Values []string `json:"values"`
}

// GrantRevocation is the end of a grant before its time.
type GrantRevocation struct {
	// by is the user name of the person who ends it.
	// +required
	By UserName `json:"by"`

	// reason says why.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Reason string `json:"reason"`
}

// GrantTarget is a place where grants are enforced.
// +kubebuilder:validation:Enum=ObjectStore;Trino;AWS;LakeFormation;AccessGrants
type GrantTarget string

// The targets.
const (
	// TargetObjectStore is the policy of the person's account in the object store.
	TargetObjectStore GrantTarget = "ObjectStore"
	// TargetTrino is the decision point that Trino asks.
	TargetTrino GrantTarget = "Trino"
	// TargetAWS is the policy of the person's role in AWS.
	TargetAWS GrantTarget = "AWS"
	// TargetLakeFormation is the permissions of the person's leases in Lake Formation.
	TargetLakeFormation GrantTarget = "LakeFormation"
	// TargetAccessGrants is the grants of the person's leases in S3 Access Grants.
	TargetAccessGrants GrantTarget = "AccessGrants"
)

// TargetState is what has become of a grant at a target.
// +kubebuilder:validation:Enum=Pending;Applied;Removed;Failed
type TargetState string

// The states at a target.
const (
	TargetPending TargetState = "Pending"
	TargetApplied TargetState = "Applied"
	TargetRemoved TargetState = "Removed"
	TargetFailed  TargetState = "Failed"
)

// ExpiryEnforcement is who ends the access at notAfter.
// +kubebuilder:validation:Enum=EnforcementPoint;Credential;Sweeper
type ExpiryEnforcement string

// The ways in which access ends.
const (
	// ExpiryEnforcementPoint compares its own clock with the end at each request.
	ExpiryEnforcementPoint ExpiryEnforcement = "EnforcementPoint"
	// ExpiryCredential ends with a credential that lives no longer than the grant.
	ExpiryCredential ExpiryEnforcement = "Credential"
	// ExpirySweeper rests on the operator removing the access.
	ExpirySweeper ExpiryEnforcement = "Sweeper"
)

// GrantTargetStatus is the evidence of a grant at one target.
type GrantTargetStatus struct {
	// name of the target.
	// +required
	Name GrantTarget `json:"name"`

	// state is Applied once the target has the grant, and Removed once it has it no longer.
	// +required
	State TargetState `json:"state"`

	// digest of the access that the target was given: sha256 over its normal form.
	// +kubebuilder:validation:MaxLength=80
	// +optional
	Digest string `json:"digest,omitempty"`

	// expiry says who ends the access at notAfter.
	// +optional
	Expiry ExpiryEnforcement `json:"expiry,omitempty"`

	// revocationActsWithin is the longest time from a revocation to the first denial at the target.
	// +optional
	RevocationActsWithin metav1.Duration `json:"revocationActsWithin,omitempty"`

	// accounts at the target that have the grant.
	// +optional
	Accounts int32 `json:"accounts,omitempty"`

	// message says what is wrong, or what is not known.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Message string `json:"message,omitempty"`
}

// DataGrantStatus is what has become of the grant.
type DataGrantStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready while the grant is in force; Stalled when it is refused; ReviewOpen after the glass was broken.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// phase is where the grant is in its life.
	// +optional
	Phase GrantPhase `json:"phase,omitempty"`

	// classification of the selected data, in effect.
	// +optional
	Classification Classification `json:"classification,omitempty"`

	// digest of the grant's normal form: sha256 over what it allows.
	// +kubebuilder:validation:MaxLength=80
	// +optional
	Digest string `json:"digest,omitempty"`

	// targets are where the grant is enforced, each with its evidence.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Targets []GrantTargetStatus `json:"targets,omitempty"`
}

// DataGrant lets a person, a group or a workspace do something to data for a while.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=dg,categories=atoll
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.subject.kind`
// +kubebuilder:printcolumn:name="Subject",type=string,JSONPath=`.spec.subject.name`
// +kubebuilder:printcolumn:name="Dataset",type=string,JSONPath=`.spec.dataset`
// +kubebuilder:printcolumn:name="From",type=string,JSONPath=`.spec.notBefore`
// +kubebuilder:printcolumn:name="Until",type=string,JSONPath=`.spec.notAfter`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",message="metadata.name: the name of a grant is 1 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
type DataGrant struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec DataGrantSpec `json:"spec"`
	// +optional
	Status DataGrantStatus `json:"status,omitempty"`
}

// DataGrantList is a list of grants.
//
// +kubebuilder:object:root=true
type DataGrantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []DataGrant `json:"items"`
}
