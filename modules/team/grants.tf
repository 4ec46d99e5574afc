locals {
  grant_fields = {
    "subject"                 = { type = "object", required = true, say = "kind and name of whom the grant is for" }
    "subject.kind"            = { type = "text", required = true, pattern = "^(User|Group|Workspace)$", say = "User, Group or Workspace" }
    "subject.name"            = { type = "text", required = true, pattern = "^\\S+$", say = "a user name, or the name of the group or the workspace" }
    "dataset"                 = { type = "text", required = true, pattern = local.dataset, say = "the name of a dataset" }
    "selector"                = { type = "object", say = "prefix, or columns, masks and rows" }
    "selector.prefix"         = { type = "text", pattern = local.folders, say = "folders that end in a slash, such as 2027/" }
    "selector.columns"        = { type = "texts", pattern = local.column, say = "a list of columns, in lower case" }
    "selector.masks"          = { type = "objects", say = "a list of masks, each with column and kind" }
    "selector.masks[].column" = { type = "text", required = true, pattern = local.column, say = "the name of a column, in lower case" }
    "selector.masks[].kind"   = { type = "text", required = true, pattern = "^(Null|Redact|Hash)$", say = "Null, Redact or Hash" }
    "selector.rows"           = { type = "objects", say = "a list of conditions, each with column and values" }
    "selector.rows[].column"  = { type = "text", required = true, pattern = local.column, say = "the name of a column, in lower case" }
    "selector.rows[].values"  = { type = "texts", required = true, say = "a list of values, each in quotes" }
    "actions"                 = { type = "texts", required = true, pattern = "^(Read|List|Write|Delete|Select|Insert|Update)$", say = "a list: of objects Read, List, Write, Delete; of tables Select, Insert, Update, Delete" }
    "notBefore"               = { type = "text", required = true, pattern = local.instant, say = "a time in UTC and whole seconds, such as 2027-01-31T08:00:00Z" }
    "notAfter"                = { type = "text", required = true, pattern = local.instant, say = "a time in UTC and whole seconds, such as 2027-01-31T17:00:00Z" }
    "ceiling"                 = { type = "text", required = true, pattern = local.class, say = "C1, C2, C3 or C4" }
    "purpose"                 = { type = "text", required = true, pattern = "^(.|\\n){10}", say = "what the data is needed for, 10 to 1024 characters" }
    "procedure"               = { type = "text", pattern = "^(Standard|BreakGlass)$", say = "Standard or BreakGlass" }
    "requestedBy"             = { type = "text", required = true, pattern = "^\\S+$", say = "the user name of the person who asks" }
    "approvedBy"              = { type = "texts", pattern = "^\\S+$", say = "a list of user names of those who agreed" }
    "reviewedBy"              = { type = "text", pattern = "^\\S+$", say = "the user name of the person who looked at it afterwards" }
    "revocation"              = { type = "object", say = "by and reason" }
    "revocation.by"           = { type = "text", required = true, pattern = "^\\S+$", say = "the user name of the person who ends it" }
    "revocation.reason"       = { type = "text", required = true, pattern = ".", say = "why, 1 to 1024 characters" }
  }

  instant = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"

  known_workspaces = concat(tolist(local.names.workspaces), tolist(var.other_workspaces))

  # By grant: what it names that is nowhere, in words.
  grant_strangers = { for name in local.names.grants : name => compact([
    try(contains(local.known_datasets, module.grant_file[name].document.dataset), true) ? "" :
    "dataset: there is no ${module.grant_file[name].document.dataset}; there are ${join(", ", local.known_datasets)}",
    try(module.grant_file[name].document.subject.kind != "Workspace" || contains(local.known_workspaces, module.grant_file[name].document.subject.name), true) ? "" :
    "subject.name: there is no workspace ${module.grant_file[name].document.subject.name}; there are ${join(", ", local.known_workspaces)}",
  ]) }
}

module "grant_file" {
  source   = "./check"
  for_each = local.names.grants

  file   = "grants/${each.key}.yaml"
  text   = file("${var.folder}/grants/${each.key}.yaml")
  fields = local.grant_fields
}

resource "atoll_data_grant" "this" {
  for_each = local.names.grants

  name         = each.key
  subject      = { kind = module.grant_file[each.key].document.subject.kind, name = module.grant_file[each.key].document.subject.name }
  dataset      = try(atoll_dataset.this[module.grant_file[each.key].document.dataset].name, module.grant_file[each.key].document.dataset)
  actions      = module.grant_file[each.key].document.actions
  not_before   = module.grant_file[each.key].document.notBefore
  not_after    = module.grant_file[each.key].document.notAfter
  ceiling      = module.grant_file[each.key].document.ceiling
  purpose      = module.grant_file[each.key].document.purpose
  procedure    = try(module.grant_file[each.key].document.procedure, null)
  requested_by = module.grant_file[each.key].document.requestedBy
  approved_by  = try(module.grant_file[each.key].document.approvedBy, null)
  reviewed_by  = try(module.grant_file[each.key].document.reviewedBy, null)

  selector = can(module.grant_file[each.key].document.selector) ? {
    prefix  = try(module.grant_file[each.key].document.selector.prefix, null)
    columns = try(module.grant_file[each.key].document.selector.columns, null)
    masks   = try([for m in module.grant_file[each.key].document.selector.masks : { column = m.column, kind = m.kind }], null)
    rows    = try([for r in module.grant_file[each.key].document.selector.rows : { column = r.column, values = r.values }], null)
  } : null

  revocation = can(module.grant_file[each.key].document.revocation) ? {
    by     = module.grant_file[each.key].document.revocation.by
    reason = module.grant_file[each.key].document.revocation.reason
  } : null

  # A grant for a workspace needs it there, so that it reaches its people.
  depends_on = [atoll_workspace.this]

  lifecycle {
    precondition {
      condition     = length(module.grant_file[each.key].problems) == 0
      error_message = join("\n", concat(module.grant_file[each.key].problems, ["Nothing is changed before the file is mended."]))
    }
    precondition {
      condition     = can(regex(local.name_ok, each.key))
      error_message = "grants/${each.key}.yaml: ${local.name_rule}."
    }
    precondition {
      condition     = length(local.grant_strangers[each.key]) == 0
      error_message = join("\n", [for words in local.grant_strangers[each.key] : "grants/${each.key}.yaml: ${words}."])
    }
  }
}
