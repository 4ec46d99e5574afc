locals {
  dataset_fields = {
    "location"                     = { type = "object", required = true, say = "one of objectPrefix and table" }
    "location.objectPrefix"        = { type = "object", say = "bucket, and prefix by choice" }
    "location.objectPrefix.bucket" = { type = "text", required = true, pattern = "^[a-z0-9][-a-z0-9.]*[a-z0-9]$", say = "the name of a bucket" }
    "location.objectPrefix.prefix" = { type = "text", pattern = local.folders, say = "folders that end in a slash, such as sales/eu/" }
    "location.table"               = { type = "object", say = "catalog, schema and table" }
    "location.table.catalog"       = { type = "text", required = true, pattern = local.column, say = "a catalog of the query engine, in lower case" }
    "location.table.schema"        = { type = "text", required = true, pattern = local.column, say = "a schema of the catalog, in lower case" }
    "location.table.table"         = { type = "text", required = true, pattern = "^[a-z0-9_][a-z0-9_$-]*$", say = "a table of the schema, in lower case" }
    "owner"                        = { type = "text", required = true, pattern = "^\\S+$", say = "the user name of the person who answers for the data" }
    "description"                  = { type = "text", say = "what the data is, for people who look for it" }
    "classification"               = { type = "text", pattern = local.class, say = "C1, C2, C3 or C4" }
    "columns"                      = { type = "objects", say = "a list of columns, each with name, and classification and description by choice" }
    "columns[].name"               = { type = "text", required = true, pattern = local.column, say = "the name of a column, in lower case" }
    "columns[].classification"     = { type = "text", pattern = local.class, say = "C1, C2, C3 or C4" }
    "columns[].description"        = { type = "text", say = "what the column holds" }
    "derivedFrom"                  = { type = "texts", pattern = local.dataset, say = "a list of names of datasets" }
    "conflictClasses"              = { type = "objects", say = "a list of matters, each with name and side" }
    "conflictClasses[].name"       = { type = "text", required = true, pattern = local.dataset, say = "the name of a matter, such as merger-2027" }
    "conflictClasses[].side"       = { type = "text", required = true, pattern = local.dataset, say = "the side that this data belongs to" }
  }

  class   = "^C[1-4]$"
  column  = "^[a-z0-9_][a-z0-9_-]*$"
  dataset = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
  folders = "^([A-Za-z0-9!_.()=+@,:-]+/)*$"

  known_datasets = concat(tolist(local.names.datasets), tolist(var.other_datasets))

  # By dataset: what it is said to derive from and is nowhere.
  unknown_sources = { for name in local.names.datasets : name => try([
    for d in module.dataset_file[name].document.derivedFrom : d if !contains(local.known_datasets, d)
  ], []) }
}

module "dataset_file" {
  source   = "./check"
  for_each = local.names.datasets

  file   = "datasets/${each.key}.yaml"
  text   = file("${var.folder}/datasets/${each.key}.yaml")
  fields = local.dataset_fields
}

resource "atoll_dataset" "this" {
  for_each = local.names.datasets

  name           = each.key
  owner          = module.dataset_file[each.key].document.owner
  description    = try(module.dataset_file[each.key].document.description, null)
  classification = try(module.dataset_file[each.key].document.classification, null)
  derived_from   = try(module.dataset_file[each.key].document.derivedFrom, null)

  location = {
    object_prefix = can(module.dataset_file[each.key].document.location.objectPrefix) ? {
      bucket = module.dataset_file[each.key].document.location.objectPrefix.bucket
      prefix = try(module.dataset_file[each.key].document.location.objectPrefix.prefix, null)
    } : null
    table = can(module.dataset_file[each.key].document.location.table) ? {
      catalog = module.dataset_file[each.key].document.location.table.catalog
      schema  = module.dataset_file[each.key].document.location.table.schema
      table   = module.dataset_file[each.key].document.location.table.table
    } : null
  }

  columns = try([for c in module.dataset_file[each.key].document.columns : {
    name           = c.name
    classification = try(c.classification, null)
    description    = try(c.description, null)
  }], null)

  conflict_classes = try([for c in module.dataset_file[each.key].document.conflictClasses : { name = c.name, side = c.side }], null)

  lifecycle {
    precondition {
      condition     = length(module.dataset_file[each.key].problems) == 0
      error_message = join("\n", concat(module.dataset_file[each.key].problems, ["Nothing is changed before the file is mended."]))
    }
    precondition {
      condition     = can(regex(local.name_ok, each.key))
      error_message = "datasets/${each.key}.yaml: ${local.name_rule}."
    }
    precondition {
      condition     = length(local.unknown_sources[each.key]) == 0
      error_message = "datasets/${each.key}.yaml: derivedFrom: there is no ${join(", ", local.unknown_sources[each.key])}; there are ${join(", ", local.known_datasets)}."
    }
  }
}
