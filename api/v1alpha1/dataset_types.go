package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DatasetSpec says where data is, whose it is and how sensitive.
//
// +kubebuilder:validation:XValidation:rule="has(self.location.objectPrefix) == has(oldSelf.location.objectPrefix)",fieldPath=".location",message="location cannot turn from objects into a table or back: make another dataset"
type DatasetSpec struct {
	// location is where the data is: a prefix of objects or a table.
	// +required
	Location DatasetLocation `json:"location"`

	// owner is the user name of the person who answers for the data; one of the two approvals of a grant of C4 is theirs.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!self.matches('\\\\s') && !self.startsWith('system:')",message="owner is a person's user name: without white space, and no system: account"
	// +required
	Owner string `json:"owner"`

	// description says what the data is, for people who look for it.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Description string `json:"description,omitempty"`

	// classification is the sensitivity of the data itself. Without one it counts as C4.
	// +optional
	Classification Classification `json:"classification,omitempty"`

	// columns are the columns that grants may name, each with a class of its own where it is higher than the data's.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=512
	// +optional
	Columns []DatasetColumn `json:"columns,omitempty"`

	// derivedFrom names the datasets that this one was made from. It counts as no less sensitive than any of them, and lies
	// in their conflict classes too.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +optional
	DerivedFrom []string `json:"derivedFrom,omitempty"`

	// conflictClasses say with which data this may never come together in one person's hands.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	// +optional
	ConflictClasses []ConflictClass `json:"conflictClasses,omitempty"`
}

// DatasetLocation is one of several places.
//
// +kubebuilder:validation:XValidation:rule="has(self.objectPrefix) != has(self.table)",message="location is either objectPrefix or table"
type DatasetLocation struct {
	// objectPrefix is a part of a bucket.
	// +optional
	ObjectPrefix *ObjectPrefix `json:"objectPrefix,omitempty"`

	// table is a table of a query engine's catalog.
	// +optional
	Table *TableName `json:"table,omitempty"`
}

// ObjectPrefix is every object of a bucket whose key begins with the prefix.
type ObjectPrefix struct {
	// bucket that holds the objects.
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9][-a-z0-9.]*[a-z0-9]$`
	// +required
	Bucket string `json:"bucket"`

	// prefix that the keys begin with, such as "sales/eu/". It ends in a slash, so that it cannot reach into a neighbour whose
	// name begins alike; without one it is the whole bucket.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9!_.()=+@,:-]+/)*$`
	// +kubebuilder:validation:XValidation:rule="!('/' + self).contains('/./') && !('/' + self).contains('/../')",message="prefix must not contain the folders . and .."
	// +optional
	Prefix string `json:"prefix,omitempty"`
}

// TableName names a table as a query engine does. Names are in lower case, as engines fold them.
type TableName struct {
	// catalog of the query engine.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[a-z0-9_][a-z0-9_-]*$`
	// +required
	Catalog string `json:"catalog"`

	// schema within the catalog.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[a-z0-9_][a-z0-9_-]*$`
	// +required
	Schema string `json:"schema"`

	// table within the schema.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[a-z0-9_][a-z0-9_$-]*$`
	// +required
	Table string `json:"table"`
}

// ColumnName is the name of a column, in lower case.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:Pattern=`^[a-z0-9_][a-z0-9_-]*$`
type ColumnName string

// DatasetColumn is a column that grants may name.
type DatasetColumn struct {
	// name of the column.
	// +required
	Name ColumnName `json:"name"`

	// classification of the column; the data's own where none is given.
	// +optional
	Classification Classification `json:"classification,omitempty"`

	// description says what the column holds.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Description string `json:"description,omitempty"`
}

// ConflictClass is a matter in which data of different sides must not come together.
type ConflictClass struct {
	// name of the matter, such as "merger-2027".
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`

	// side that this data belongs to. Who has ever held a grant of one side gets none of another.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Side string `json:"side"`
}

// DatasetStatus is what the operator has found out about the data.
type DatasetStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Stalled when only a person can help.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// classification in effect: the highest of the data's own, its columns' and those of all it derives from.
	// +optional
	Classification Classification `json:"classification,omitempty"`

	// classifiedBy says what raised the classification in effect.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	ClassifiedBy string `json:"classifiedBy,omitempty"`

	// conflictClasses in effect: the data's own and those of all it derives from, as name/side.
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:items:MaxLength=127
	// +optional
	ConflictClasses []string `json:"conflictClasses,omitempty"`

	// grants that are in force now.
	// +optional
	Grants int32 `json:"grants,omitempty"`

	// holders are the subjects that hold, or ever held, a grant of data that lies in a conflict class.
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=5000
	// +optional
	Holders []GrantSubject `json:"holders,omitempty"`
}

// Dataset is data that grants can be given of.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=ds,categories=atoll
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.status.classification`
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner`
// +kubebuilder:printcolumn:name="Grants",type=integer,JSONPath=`.status.grants`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",message="metadata.name: the name of a dataset is 1 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.derivedFrom) || !(self.metadata.name in self.spec.derivedFrom)",message="spec.derivedFrom: a dataset does not derive from itself"
type Dataset struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec DatasetSpec `json:"spec"`
	// +optional
	Status DatasetStatus `json:"status,omitempty"`
}

// DatasetList is a list of datasets.
//
// +kubebuilder:object:root=true
type DatasetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Dataset `json:"items"`
}
