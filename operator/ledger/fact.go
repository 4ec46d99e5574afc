package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Kind is what a row is about.
type Kind string

// The kinds of facts.
const (
	KindDataset   Kind = "Dataset"
	KindGrant     Kind = "Grant"
	KindWorkspace Kind = "Workspace"
	KindPerson    Kind = "Person"
)

// Fact is what is so of one thing from now on.
type Fact interface {
	// About is the kind and the name of the thing.
	About() (Kind, string)
}

// Dataset is a dataset with its class in effect.
type Dataset struct {
	Name    string           `json:"name"`
	Owner   string           `json:"owner,omitempty"`
	Objects *grant.Objects   `json:"objects,omitempty"`
	Table   *grant.Table     `json:"table,omitempty"`
	Class   grant.Class      `json:"class,omitempty"`
	Columns []Column         `json:"columns,omitempty"`
	From    []string         `json:"derivedFrom,omitempty"`
	Sides   []grant.Conflict `json:"conflictClasses,omitempty"`
	// Effective is the class that counted, and Why what decided it.
	Effective grant.Class `json:"effectiveClass,omitempty"`
	Why       string      `json:"why,omitempty"`
	// Gone says that there is no such dataset any more.
	Gone bool `json:"gone,omitempty"`
}

// Column of a dataset.
type Column struct {
	Name  string      `json:"name"`
	Class grant.Class `json:"class,omitempty"`
}

// About names the dataset.
func (d Dataset) About() (Kind, string) { return KindDataset, d.Name }

// Grant is one version of a grant, with what it allowed.
type Grant struct {
	Name    string `json:"name"`
	UID     string `json:"uid,omitempty"`
	Version int64  `json:"version,omitempty"`
	Dataset string `json:"dataset,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	// RequestedBy and ApprovedBy are people.
	RequestedBy string   `json:"requestedBy,omitempty"`
	ApprovedBy  []string `json:"approvedBy,omitempty"`
	BreakGlass  bool     `json:"breakGlass,omitempty"`
	RevokedBy   string   `json:"revokedBy,omitempty"`
	Revoked     string   `json:"revoked,omitempty"`
	// Phase and Reason are what the operator found; Class is that of the selected data, in effect.
	Phase  string      `json:"phase,omitempty"`
	Reason string      `json:"reason,omitempty"`
	Class  grant.Class `json:"class,omitempty"`
	// Atoms are what it allows, each in its window. There are none unless it was admitted.
	Atoms []grant.Atom `json:"atoms,omitempty"`
	// Targets are the evidence that it is enforced; Compiler is the version of the program that translated it.
	Targets  []Target `json:"targets,omitempty"`
	Compiler string   `json:"compiler,omitempty"`
	Gone     bool     `json:"gone,omitempty"`
}

// Target is what a place of enforcement was given.
type Target struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Digest string `json:"digest,omitempty"`
	Expiry string `json:"expiry,omitempty"`
}

// About names the grant.
func (g Grant) About() (Kind, string) { return KindGrant, g.Name }

// Workspace is who works in a workspace, by name and by group.
type Workspace struct {
	Name   string   `json:"name"`
	People []string `json:"people,omitempty"`
	Groups []string `json:"groups,omitempty"`
	Gone   bool     `json:"gone,omitempty"`
}

// About names the workspace.
func (w Workspace) About() (Kind, string) { return KindWorkspace, w.Name }

// Person is the groups of a person, as the identity provider last stated them.
type Person struct {
	Name   string   `json:"name"`
	Groups []string `json:"groups,omitempty"`
	Gone   bool     `json:"gone,omitempty"`
}

// About names the person.
func (p Person) About() (Kind, string) { return KindPerson, p.Name }

// canonical is a fact in JSON with its keys in order: the same fact is the same bytes.
func canonical(f Fact) (string, error) {
	raw, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("writing a fact: %w", err)
	}
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	var plain any
	if err := numbers.Decode(&plain); err != nil {
		return "", fmt.Errorf("reading a fact: %w", err)
	}
	if raw, err = json.Marshal(plain); err != nil {
		return "", fmt.Errorf("writing a fact: %w", err)
	}
	return string(raw), nil
}
