locals {
  workspace_fields = {
    "displayName"           = { type = "text", required = true, pattern = "^.{1,63}$", say = "the name that people see, 1 to 63 characters" }
    "owner"                 = { type = "text", required = true, pattern = "^\\S+$", say = "the user name of the person who answers for it" }
    "profiles"              = { type = "texts", required = true, say = "a list of names of profiles" }
    "quota"                 = { type = "object", required = true, say = "cpu, memory, storage, and gpus and servers by choice" }
    "quota.cpu"             = { type = "quantity", required = true, pattern = local.quantity, say = "the sum of all CPU limits in cores, such as 8" }
    "quota.memory"          = { type = "quantity", required = true, pattern = local.quantity, say = "the sum of all memory limits, such as 16Gi" }
    "quota.storage"         = { type = "quantity", required = true, pattern = local.quantity, say = "the sum of all volumes, homes included, such as 100Gi" }
    "quota.gpus"            = { type = "number", pattern = "^[0-9]{1,5}$", say = "a number of GPUs" }
    "quota.servers"         = { type = "number", pattern = "^[1-9][0-9]{0,4}$", say = "how many servers may run at a time" }
    "members"               = { type = "objects", say = "a list of people and groups, each with name, and kind and role by choice" }
    "members[].name"        = { type = "text", required = true, pattern = "^\\S.*$", say = "a user name or a group as the identity provider has it" }
    "members[].kind"        = { type = "text", pattern = "^(User|Group)$", say = "User or Group" }
    "members[].role"        = { type = "text", pattern = "^(Owner|Member|Viewer)$", say = "Owner, Member or Viewer" }
    "home"                  = { type = "object", say = "size, and storageClassName by choice" }
    "home.size"             = { type = "quantity", pattern = local.quantity, say = "the size of each home, such as 10Gi" }
    "home.storageClassName" = { type = "text", pattern = "^\\S+$", say = "the name of a StorageClass" }
    "culling"               = { type = "object", say = "idleAfter and maxHold" }
    "culling.idleAfter"     = { type = "text", pattern = local.duration, say = "a time such as 1h or 90m" }
    "culling.maxHold"       = { type = "text", pattern = local.duration, say = "a time such as 24h, or 0s for none" }
    "backup"                = { type = "object", say = "every, and at and keep by choice" }
    "backup.every"          = { type = "text", pattern = "^(Never|Hour|Day|Week)$", say = "Never, Hour, Day or Week" }
    "backup.at"             = { type = "text", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", say = "a time of day in UTC in quotes, such as \"01:00\"" }
    "backup.keep"           = { type = "number", pattern = "^[1-9][0-9]{0,2}$", say = "how many backups of each home are kept, 1 to 366" }
    "classificationCeiling" = { type = "text", pattern = "^C[1-4]$", say = "C1, C2, C3 or C4" }
    "costCenter"            = { type = "text", pattern = "^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", say = "up to 63 letters, digits, hyphens, underscores and dots" }
    "deletionPolicy"        = { type = "text", pattern = "^(Retain|Snapshot|Delete)$", say = "Retain, Snapshot or Delete" }
  }

  duration = "^([0-9]+(h|m|s))+$"

  # By workspace: the profiles it names that are nowhere.
  unknown_profiles = { for name in local.names.workspaces : name => try([
    for p in module.workspace_file[name].document.profiles : p if !contains(concat(tolist(local.names.profiles), tolist(var.other_profiles)), p)
  ], []) }
}

module "workspace_file" {
  source   = "./check"
  for_each = local.names.workspaces

  file   = "workspaces/${each.key}.yaml"
  text   = file("${var.folder}/workspaces/${each.key}.yaml")
  fields = local.workspace_fields
}

resource "atoll_workspace" "this" {
  for_each = local.names.workspaces

  name                   = each.key
  display_name           = module.workspace_file[each.key].document.displayName
  owner                  = module.workspace_file[each.key].document.owner
  profiles               = [for p in module.workspace_file[each.key].document.profiles : try(atoll_profile.this[p].name, p)]
  classification_ceiling = try(module.workspace_file[each.key].document.classificationCeiling, null)
  cost_center            = try(module.workspace_file[each.key].document.costCenter, null)
  deletion_policy        = try(module.workspace_file[each.key].document.deletionPolicy, null)

  quota = {
    cpu     = tostring(module.workspace_file[each.key].document.quota.cpu)
    memory  = tostring(module.workspace_file[each.key].document.quota.memory)
    storage = tostring(module.workspace_file[each.key].document.quota.storage)
    gpus    = try(module.workspace_file[each.key].document.quota.gpus, null)
    servers = try(module.workspace_file[each.key].document.quota.servers, null)
  }

  members = try([for m in module.workspace_file[each.key].document.members : {
    name = m.name
    kind = try(m.kind, null)
    role = try(m.role, null)
  }], null)

  home = can(module.workspace_file[each.key].document.home) ? {
    size               = try(tostring(module.workspace_file[each.key].document.home.size), null)
    storage_class_name = try(module.workspace_file[each.key].document.home.storageClassName, null)
  } : null

  backup = can(module.workspace_file[each.key].document.backup) ? {
    every = try(module.workspace_file[each.key].document.backup.every, null)
    at    = try(module.workspace_file[each.key].document.backup.at, null)
    keep  = try(module.workspace_file[each.key].document.backup.keep, null)
  } : null

  culling = can(module.workspace_file[each.key].document.culling) ? {
    idle_after = try(module.workspace_file[each.key].document.culling.idleAfter, null)
    max_hold   = try(module.workspace_file[each.key].document.culling.maxHold, null)
  } : null

  lifecycle {
    precondition {
      condition     = length(module.workspace_file[each.key].problems) == 0
      error_message = join("\n", concat(module.workspace_file[each.key].problems, ["Nothing is changed before the file is mended."]))
    }
    precondition {
      condition     = can(regex(local.name_ok, each.key))
      error_message = "workspaces/${each.key}.yaml: ${local.name_rule}."
    }
    precondition {
      condition     = length(local.unknown_profiles[each.key]) == 0
      error_message = "workspaces/${each.key}.yaml: profiles: there is no ${join(", ", local.unknown_profiles[each.key])}; there are ${join(", ", concat(tolist(local.names.profiles), tolist(var.other_profiles)))}."
    }
  }
}
