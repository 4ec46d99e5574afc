package declare

// Dataset is the declared part of a v1alpha1.DatasetSpec.
type Dataset struct {
	Location        *Location        `json:"location,omitempty"`
	Owner           *string          `json:"owner,omitempty"`
	Description     *string          `json:"description,omitempty"`
	Classification  *string          `json:"classification,omitempty"`
	Columns         *[]Column        `json:"columns,omitempty"`
	DerivedFrom     *[]string        `json:"derivedFrom,omitempty"`
	ConflictClasses *[]ConflictClass `json:"conflictClasses,omitempty"`
}

// Location is the declared part of a v1alpha1.DatasetLocation.
type Location struct {
	ObjectPrefix *ObjectPrefix `json:"objectPrefix,omitempty"`
	Table        *Table        `json:"table,omitempty"`
}

// ObjectPrefix is the declared part of a v1alpha1.ObjectPrefix.
type ObjectPrefix struct {
	Bucket *string `json:"bucket,omitempty"`
	Prefix *string `json:"prefix,omitempty"`
}

// Table is a v1alpha1.TableName.
type Table struct {
	Catalog *string `json:"catalog,omitempty"`
	Schema  *string `json:"schema,omitempty"`
	Table   *string `json:"table,omitempty"`
}

// Column is the declared part of a v1alpha1.DatasetColumn.
type Column struct {
	Name           string  `json:"name"`
	Classification *string `json:"classification,omitempty"`
	Description    *string `json:"description,omitempty"`
}

// ConflictClass is a v1alpha1.ConflictClass.
type ConflictClass struct {
	Name string  `json:"name"`
	Side *string `json:"side,omitempty"`
}

// DataGrant is the declared part of a v1alpha1.DataGrantSpec.
type DataGrant struct {
	Subject     *Subject    `json:"subject,omitempty"`
	Dataset     *string     `json:"dataset,omitempty"`
	Selector    *Selector   `json:"selector,omitempty"`
	Actions     *[]string   `json:"actions,omitempty"`
	NotBefore   *string     `json:"notBefore,omitempty"`
	NotAfter    *string     `json:"notAfter,omitempty"`
	Ceiling     *string     `json:"ceiling,omitempty"`
	Purpose     *string     `json:"purpose,omitempty"`
	Procedure   *string     `json:"procedure,omitempty"`
	RequestedBy *string     `json:"requestedBy,omitempty"`
	ApprovedBy  *[]string   `json:"approvedBy,omitempty"`
	ReviewedBy  *string     `json:"reviewedBy,omitempty"`
	Revocation  *Revocation `json:"revocation,omitempty"`
}

// Subject is a v1alpha1.GrantSubject.
type Subject struct {
	Kind *string `json:"kind,omitempty"`
	Name *string `json:"name,omitempty"`
}

// Selector is the declared part of a v1alpha1.GrantSelector.
type Selector struct {
	Prefix  *string   `json:"prefix,omitempty"`
	Columns *[]string `json:"columns,omitempty"`
	Masks   *[]Mask   `json:"masks,omitempty"`
	Rows    *[]Row    `json:"rows,omitempty"`
}

// Mask is a v1alpha1.ColumnMask.
type Mask struct {
	Column string  `json:"column"`
	Kind   *string `json:"kind,omitempty"`
}

// Row is a v1alpha1.RowCondition.
type Row struct {
	Column string    `json:"column"`
	Values *[]string `json:"values,omitempty"`
}

// Revocation is a v1alpha1.GrantRevocation.
type Revocation struct {
	By     *string `json:"by,omitempty"`
	Reason *string `json:"reason,omitempty"`
}
