package policy

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Input is what Trino's OPA plugin asks. Fields that newer releases add are ignored.
type Input struct {
	Context Context `json:"context"`
	Action  Action  `json:"action"`
}

// Context says who asks. Releases after 476 send the query's id.
type Context struct {
	Identity Identity `json:"identity"`
	QueryID  string   `json:"queryId"`
}

// Identity is the person as Trino has authenticated them. The groups that Trino may know are not read: those of the
// snapshot count.
type Identity struct {
	User string `json:"user"`
}

// Action is what is asked for: one resource, or several of which some are let through.
type Action struct {
	Operation       string     `json:"operation"`
	Resource        *Resource  `json:"resource"`
	FilterResources []Resource `json:"filterResources"`
}

// Resource is one thing that can be asked for; one of its fields is set.
type Resource struct {
	Catalog  *Named    `json:"catalog"`
	Schema   *Schema   `json:"schema"`
	Table    *Table    `json:"table"`
	Column   *Column   `json:"column"`
	User     *Identity `json:"user"`
	Function *Function `json:"function"`
	Property *Named    `json:"systemSessionProperty"`
}

// Named has a name alone.
type Named struct {
	Name string `json:"name"`
}

// Schema names a schema.
type Schema struct {
	Catalog string `json:"catalogName"`
	Schema  string `json:"schemaName"`
}

// Table names a table and the columns of it that are touched.
type Table struct {
	Catalog string   `json:"catalogName"`
	Schema  string   `json:"schemaName"`
	Table   string   `json:"tableName"`
	Columns []string `json:"columns"`
}

// Column names a column and its type, as Trino writes types.
type Column struct {
	Catalog string `json:"catalogName"`
	Schema  string `json:"schemaName"`
	Table   string `json:"tableName"`
	Column  string `json:"columnName"`
	Type    string `json:"columnType"`
}

// Function names a function or a procedure.
type Function struct {
	Catalog string `json:"catalogName"`
	Schema  string `json:"schemaName"`
	Name    string `json:"functionName"`
}

// Evaluator is the Trino user as whom filters and masks look at the columns that they compare, which the person who asks
// may not see. No person can have a name with a colon.
const Evaluator = "atoll:policy"

// Expression is SQL that Trino puts into a query, and evaluates with the rights of a user.
type Expression struct {
	Expression string `json:"expression"`
	Identity   string `json:"identity"`
}

func expression(sql string) Expression { return Expression{Expression: sql, Identity: Evaluator} }

// ColumnMask is the mask of the column at an index of the request.
type ColumnMask struct {
	Index int        `json:"index"`
	View  Expression `json:"viewExpression"`
}

// ParseInput reads the body of a request. Names are those that Trino writes, to the letter, and one that is there twice is an error: there is
// one way to read a request.
func ParseInput(body []byte) (Input, error) {
	var envelope struct {
		Input *Input `json:"input"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return Input{}, fmt.Errorf("reading the request: %w", err)
	}
	switch in := envelope.Input; {
	case in == nil:
		return Input{}, errors.New("reading the request: input is missing")
	case in.Context.Identity.User == "":
		return Input{}, errors.New("reading the request: input.context.identity.user is missing")
	case in.Action.Operation == "":
		return Input{}, errors.New("reading the request: input.action.operation is missing")
	default:
		return *in, nil
	}
}
