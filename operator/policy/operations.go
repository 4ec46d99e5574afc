package policy

import (
	"slices"

	"github.com/atoll-platform/atoll/internal/grant"
)

// serves are operations that show no data and no names of any, and go on when the snapshot counts no longer.
var serves = map[string]bool{
	"ExecuteQuery":           true,
	"ReadSystemInformation":  true,
	"ViewQueryOwnedBy":       true,
	"FilterViewQueryOwnedBy": true,
	"KillQueryOwnedBy":       true,
}

// settings of a session that people may change. Those that bound how long a query is planned and runs are not among them.
var settings = []string{"time_zone_id"}

// one decides one operation on one resource. What is not listed is denied: views would hand on what their maker may see,
// and renaming would put data under a name that was granted for other data.
func (q asked) one(operation string, r Resource) Decision {
	if q.who == Evaluator {
		return q.when(operation == "SelectFromColumns" || operation == "AccessCatalog", "filters and masks read columns and do nothing else")
	}
	switch operation {
	case "ExecuteQuery":
		return allow()
	case "ViewQueryOwnedBy", "FilterViewQueryOwnedBy", "KillQueryOwnedBy":
		return q.when(r.User != nil && r.User.User == q.who, "a person sees and ends their own queries only")
	case "ReadSystemInformation":
		return q.when(q.who == q.options.Watcher && q.who != "", "metrics are for the platform")
	case "SetSystemSessionProperty":
		return q.when(r.Property != nil && slices.Contains(settings, r.Property.Name), "this setting is the platform's")
	case "ExecuteFunction":
		return q.when(r.Function != nil && r.Function.Catalog == "system" && r.Function.Schema == "builtin", "only functions that are built in may be called")
	case "AccessCatalog", "FilterCatalogs", "ShowSchemas":
		return q.when(r.Catalog != nil && q.catalog(r.Catalog.Name), "no grant reaches the catalog")
	case "FilterSchemas", "ShowTables":
		return q.when(r.Schema != nil && q.schema(r.Schema.Catalog, r.Schema.Schema), "no grant reaches the schema")
	case "FilterTables", "ShowColumns":
		return q.when(r.Table != nil && q.table(*r.Table), "no grant reaches the table")
	case "CreateSchema", "DropSchema":
		return q.when(r.Schema != nil && q.administers(), "only administrators define schemas")
	case "CreateTable", "DropTable", "AddColumn", "SetTableComment", "SetColumnComment":
		return q.when(r.Table != nil && q.administers(), "only administrators define tables")
	}
	if r.Table == nil {
		return deny("the operation %s is not known for this resource", operation)
	}
	switch operation {
	case "SelectFromColumns":
		return q.read(*r.Table)
	case "InsertIntoTable":
		return q.write(grant.Insert, *r.Table)
	case "UpdateTableColumns":
		return q.write(grant.Update, *r.Table)
	case "DeleteFromTable":
		return q.write(grant.Delete, *r.Table)
	}
	return deny("the operation %s is not known", operation)
}

func (q asked) when(allowed bool, otherwise string) Decision {
	if allowed {
		return allow()
	}
	return deny("%s", otherwise)
}
