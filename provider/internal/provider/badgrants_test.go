package provider_test

const (
	datasetKind = "atoll_dataset"
	grantKind   = "atoll_data_grant"
)

const goodDataset = `resource "atoll_dataset" "bad" {
  name           = "good"
  location       = { object_prefix = { bucket = "lake", prefix = "sales/eu/" } }
  owner          = "olga"
  classification = "C2"
  columns        = [{ name = "iban", classification = "C3" }]
  derived_from   = ["raw"]
  conflict_classes = [{ name = "merger", side = "buyer" }]
}
`

const goodDatasetManifest = `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Dataset", "metadata": {"name": "good"}, "spec": {
	"location": {"objectPrefix": {"bucket": "lake", "prefix": "sales/eu/"}}, "owner": "olga", "classification": "C2",
	"columns": [{"name": "iban", "classification": "C3"}], "derivedFrom": ["raw"], "conflictClasses": [{"name": "merger", "side": "buyer"}]}}`

var badDatasets = []bad{
	{"location in two places", `"sales/eu/" }`, `"sales/eu/" }, table = { catalog = "a", schema = "b", table = "c" }`, `"sales/eu/"}`, `"sales/eu/"}, "table": {"catalog": "a", "schema": "b", "table": "c"}`, []string{"location", "exactly one of object_prefix and table"}},
	{"location in none", `object_prefix = { bucket = "lake", prefix = "sales/eu/" }`, ``, `"objectPrefix": {"bucket": "lake", "prefix": "sales/eu/"}`, ``, []string{"exactly one of object_prefix and table"}},
	{"prefix without its slash", `"sales/eu/"`, `"sales/eu"`, `"sales/eu/"`, `"sales/eu"`, []string{"location.object_prefix.prefix", "end in a slash"}},
	{"prefix that goes up", `"sales/eu/"`, `"sales/../"`, `"sales/eu/"`, `"sales/../"`, []string{"location.object_prefix.prefix", "without . and .."}},
	{"prefix with a pattern", `"sales/eu/"`, `"sales/*/"`, `"sales/eu/"`, `"sales/*/"`, []string{"location.object_prefix.prefix"}},
	{"bucket in capitals", `"lake"`, `"Lake"`, `"lake"`, `"Lake"`, []string{"bucket", "lower-case letters"}},
	{"owner that is a program", `"olga"`, `"system:admin"`, `"olga"`, `"system:admin"`, []string{"owner", "system: accounts are none"}},
	{"owner with a space", `"olga"`, `"olga b"`, `"olga"`, `"olga b"`, []string{"owner", "white space"}},
	{"owner missing", `  owner          = "olga"`, ``, `"owner": "olga", `, ``, []string{`"owner" is required`}},
	{"class of data", `"C2"`, `"C5"`, `"C2"`, `"C5"`, []string{"classification", `"C1"`, `"C4"`}},
	{"class of a column", `"C3"`, `"secret"`, `"C3"`, `"secret"`, []string{"columns[0].classification", `"C4"`}},
	{"column in capitals", `"iban"`, `"IBAN"`, `"iban"`, `"IBAN"`, []string{"columns[0].name", "lower case"}},
	{"column twice", `"C3" }`, `"C3" }, { name = "iban" }`, `"C3"}`, `"C3"}, {"name": "iban"}`, []string{`columns has name "iban" more than once`}},
	{"side missing", `, side = "buyer"`, ``, `, "side": "buyer"`, ``, []string{`"side" is required`}},
	{"derived from no name", `["raw"]`, `["Raw"]`, `["raw"]`, `["Raw"]`, []string{"derived_from", "lower-case letters"}},
}

const goodGrant = `resource "atoll_data_grant" "bad" {
  name         = "good"
  subject      = { kind = "User", name = "bob" }
  dataset      = "payments"
  selector     = { columns = ["iban"], masks = [{ column = "iban", kind = "Hash" }], rows = [{ column = "country", values = ["NL"] }] }
  actions      = ["Select"]
  not_before   = "2027-03-01T08:00:00Z"
  not_after    = "2027-03-08T08:00:00Z"
  ceiling      = "C3"
  purpose      = "the report of the week"
  procedure    = "Standard"
  requested_by = "bob"
  approved_by  = ["olga"]
}
`

const goodGrantManifest = `{"apiVersion": "atoll.dev/v1alpha1", "kind": "DataGrant", "metadata": {"name": "good"}, "spec": {
	"subject": {"kind": "User", "name": "bob"}, "dataset": "payments",
	"selector": {"columns": ["iban"], "masks": [{"column": "iban", "kind": "Hash"}], "rows": [{"column": "country", "values": ["NL"]}]},
	"actions": ["Select"], "notBefore": "2027-03-01T08:00:00Z", "notAfter": "2027-03-08T08:00:00Z", "ceiling": "C3",
	"purpose": "the report of the week", "procedure": "Standard", "requestedBy": "bob", "approvedBy": ["olga"]}}`

var badGrants = []bad{
	{"all actions", `["Select"]`, `["*"]`, `["Select"]`, `["*"]`, []string{"actions", `"Select"`, `"Read"`}},
	{"no action", `["Select"]`, `[]`, `["Select"]`, `[]`, []string{"actions", "at least 1"}},
	{"actions mixed", `["Select"]`, `["Select", "Read"]`, `["Select"]`, `["Select", "Read"]`, []string{"actions must be those of objects", "or those of tables", "Read, Select"}},
	{"columns of objects", `["Select"]`, `["Read"]`, `["Select"]`, `["Read"]`, []string{"selector.columns goes with the action Select alone"}},
	{"columns of changes", `["Select"]`, `["Select", "Insert"]`, `["Select"]`, `["Select", "Insert"]`, []string{"selector.rows goes with the action Select alone"}},
	{"prefix of a table", `columns = ["iban"]`, `prefix = "a/"`, `"columns": ["iban"]`, `"prefix": "a/"`, []string{"selector.prefix goes with the actions of objects"}},
	{"end missing", `  not_after    = "2027-03-08T08:00:00Z"`, ``, `"notAfter": "2027-03-08T08:00:00Z", `, ``, []string{`"not_after" is required`}},
	{"end before the beginning", `"2027-03-08T08:00:00Z"`, `"2027-02-08T08:00:00Z"`, `"2027-03-08T08:00:00Z"`, `"2027-02-08T08:00:00Z"`, []string{"not_after must be later than not_before", "2027-03-01T08:00:00Z"}},
	{"end at the beginning", `"2027-03-08T08:00:00Z"`, `"2027-03-01T08:00:00Z"`, `"2027-03-08T08:00:00Z"`, `"2027-03-01T08:00:00Z"`, []string{"not_after must be later than not_before"}},
	{"end in another zone", `"2027-03-08T08:00:00Z"`, `"2027-03-08T08:00:00+01:00"`, `"2027-03-08T08:00:00Z"`, `"2027-03-08T08:00:00+01:00"`, []string{"not_after", "UTC and whole seconds", "2027-01-31T08:00:00Z"}},
	{"end in parts of a second", `"2027-03-08T08:00:00Z"`, `"2027-03-08T08:00:00.5Z"`, `"2027-03-08T08:00:00Z"`, `"2027-03-08T08:00:00.5Z"`, []string{"not_after", "whole seconds"}},
	{"end on no day", `"2027-03-08T08:00:00Z"`, `"2027-02-30T08:00:00Z"`, `"2027-03-08T08:00:00Z"`, `"2027-02-30T08:00:00Z"`, []string{"not_after", "is no time"}},
	{"beginning in words", `"2027-03-01T08:00:00Z"`, `"tomorrow"`, `"2027-03-01T08:00:00Z"`, `"tomorrow"`, []string{"not_before", "is no time"}},
	{"longer than a year", `"2027-03-08T08:00:00Z"`, `"2028-03-08T08:00:00Z"`, `"2027-03-08T08:00:00Z"`, `"2028-03-08T08:00:00Z"`, []string{"at most 366 days after not_before"}},
	{"ceiling of no class", `"C3"`, `"C0"`, `"C3"`, `"C0"`, []string{"ceiling", `"C1"`, `"C4"`}},
	{"ceiling missing", `  ceiling      = "C3"`, ``, `"ceiling": "C3",`, ``, []string{`"ceiling" is required`}},
	{"purpose too short", `"the report of the week"`, `"report"`, `"the report of the week"`, `"report"`, []string{"purpose", "between 10 and 1024"}},
	{"approved by the requester", `["olga"]`, `["olga", "bob"]`, `["olga"]`, `["olga", "bob"]`, []string{`approved_by must not name "bob"`, "BreakGlass"}},
	{"approved by a program", `["olga"]`, `["system:admin"]`, `["olga"]`, `["system:admin"]`, []string{"approved_by", "system: accounts are none"}},
	{"procedure", `"Standard"`, `"Fast"`, `"Standard"`, `"Fast"`, []string{"procedure", `"BreakGlass"`}},
	{"emergency of a week", `"Standard"`, `"BreakGlass"`, `"Standard"`, `"BreakGlass"`, []string{"at most 4 hours by BreakGlass after not_before"}},
	{"emergency of another", `  subject      = { kind = "User", name = "bob" }
  dataset      = "payments"
  selector     = { columns = ["iban"], masks = [{ column = "iban", kind = "Hash" }], rows = [{ column = "country", values = ["NL"] }] }
  actions      = ["Select"]
  not_before   = "2027-03-01T08:00:00Z"
  not_after    = "2027-03-08T08:00:00Z"
  ceiling      = "C3"
  purpose      = "the report of the week"
  procedure    = "Standard"`, `  subject      = { kind = "User", name = "eve" }
  dataset      = "payments"
  actions      = ["Select"]
  not_before   = "2027-03-01T08:00:00Z"
  not_after    = "2027-03-01T09:00:00Z"
  ceiling      = "C3"
  purpose      = "the report of the week"
  procedure    = "BreakGlass"`, ``, ``, []string{`subject of a grant by BreakGlass must be the person who asks for it, "bob"`}},
	{"review of no emergency", `["olga"]`, "[\"olga\"]\n  reviewed_by = \"zoe\"", `["olga"]`, `["olga"], "reviewedBy": "zoe"`, []string{"reviewed_by goes with the procedure BreakGlass"}},
	{"subject of no kind", `kind = "User"`, `kind = "Robot"`, `"kind": "User"`, `"kind": "Robot"`, []string{"subject.kind", `"Group"`, `"Workspace"`}},
	{"subject with a space", `name = "bob"`, `name = "bob b"`, `"name": "bob"`, `"name": "bob b"`, []string{"subject.name", "white space"}},
	{"mask", `"Hash"`, `"Stars"`, `"Hash"`, `"Stars"`, []string{"selector.masks[0].kind", `"Redact"`}},
	{"masked twice", `"Hash" }`, `"Hash" }, { column = "iban", kind = "Null" }`, `"Hash"}`, `"Hash"}, {"column": "iban", "kind": "Null"}`, []string{`selector.masks has column "iban" more than once`}},
	{"rows of no value", `["NL"]`, `[]`, `["NL"]`, `[]`, []string{"selector.rows[0].values", "at least 1"}},
	{"column of rows", `"country"`, `"Country"`, `"country"`, `"Country"`, []string{"selector.rows[0].column", "lower case"}},
	{"dataset in capitals", `"payments"`, `"Payments"`, `"payments"`, `"Payments"`, []string{"dataset", "lower-case letters"}},
	{"revocation without a reason", `["olga"]`, "[\"olga\"]\n  revocation = { by = \"olga\" }", `["olga"]`, `["olga"], "revocation": {"by": "olga"}`, []string{`"reason" is required`}},
}
