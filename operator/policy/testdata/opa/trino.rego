# The rules of the decision point about tables, for OPA, over the same grants: written to be decided fast. Data is keyed by person and
# table, so that one look finds the few grants that matter, and what shows all columns is tried before the union of several grants.
package atoll.trino

default allow := false

actions := {
	"SelectFromColumns": "Select",
	"InsertIntoTable": "Insert",
	"DeleteFromTable": "Delete",
}

table := input.action.resource.table

grants := data.grants[input.context.identity.user][table.catalogName][table.schemaName][table.tableName]

allow if {
	some grant in grants
	live(grant)
	not grant.columns
}

allow if {
	some grant in grants
	live(grant)
	every column in object.get(table, "columns", []) {
		shown(column)
	}
}

shown(column) if {
	some grant in grants
	live(grant)
	not grant.columns
}

shown(column) if {
	some grant in grants
	grant.columns[column]
	live(grant)
}

live(grant) if {
	grant.action == actions[input.action.operation]
	current(grant)
}

# Batches: which of many tables are seen, and which of many columns are masked. What stands in place of a column is left simple, for OPA.
filter contains i if {
	some i, resource in input.action.filterResources
	some grant in data.grants[input.context.identity.user][resource.table.catalogName][resource.table.schemaName][resource.table.tableName]
	current(grant)
}

columnMasks contains {"index": i, "viewExpression": {"expression": "NULL", "identity": "atoll:policy"}} if {
	some i, resource in input.action.filterResources
	not plain(resource.column)
}

plain(column) if {
	some grant in selecting(column)
	not grant.rows
	clear(grant, column.columnName)
}

plain(column) if {
	found := selecting(column)
	count(found) > 0
	every grant in found {
		clear(grant, column.columnName)
	}
}

selecting(column) := [grant |
	some grant in data.grants[input.context.identity.user][column.catalogName][column.schemaName][column.tableName]
	grant.action == "Select"
	current(grant)
]

clear(grant, column) if {
	not grant.columns
	not grant.masks[column]
}

clear(grant, column) if {
	grant.columns[column]
	not grant.masks[column]
}

current(grant) if {
	now := time.now_ns()
	grant.from <= now
	now < grant.until
}
