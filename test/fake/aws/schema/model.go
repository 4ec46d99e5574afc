// Package schema derives the schemas of the AWS provider from the npm package @cdktn/provider-aws, which is
// generated from them, and hands them to a Terraform plugin.
//
// What the package carries is every attribute and block with its type and whether it is required, optional or
// computed. What it does not carry, and what is therefore not checked, are the provider's validators, its
// conflicts between attributes, its defaults and which attribute replaces a resource.
package schema

// Schemas are those of one provider.
type Schemas struct {
	// Version of the provider that the package was generated from.
	Version   string            `json:"version"`
	Provider  *Block            `json:"provider"`
	Resources map[string]*Block `json:"resources"`
	Data      map[string]*Block `json:"data"`
}

// Block is a resource, a data source, the provider's own configuration, or a block in one of them.
type Block struct {
	Attributes []Attribute `json:"attributes,omitempty"`
	Blocks     []Nested    `json:"blocks,omitempty"`
}

// Attribute is a value of a block.
type Attribute struct {
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Required bool   `json:"required,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	Computed bool   `json:"computed,omitempty"`
}

// Nested is a block within a block.
type Nested struct {
	Name    string `json:"name"`
	Nesting string `json:"nesting"` // list, set or single
	// Required asks for one at least.
	Required bool `json:"required,omitempty"`
	// Single allows one at most.
	Single bool   `json:"one,omitempty"`
	Block  *Block `json:"block"`
}

// Type is the type of an attribute.
type Type struct {
	Kind string `json:"kind"` // string, number, bool, dynamic, list, set, map or object
	// Element is the type of what a list, set or map holds.
	Element *Type `json:"element,omitempty"`
	// Fields are those of an object.
	Fields map[string]Type `json:"fields,omitempty"`
}
