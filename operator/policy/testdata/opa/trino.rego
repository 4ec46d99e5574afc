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
	now := time.now_ns()
	grant.from <= now
	now < grant.until
}
