locals {
  profile_fields = {
    "displayName" = { type = "text", required = true, pattern = "^.{1,63}$", say = "the name that people see, 1 to 63 characters" }
    "description" = { type = "text", say = "a sentence or two, up to 1024 characters" }
    "image" = {
      type = "text", required = true, pattern = "(@sha256:[a-f0-9]{64}|:[A-Za-z0-9_][-A-Za-z0-9_.]*)$"
      say  = "an image that is pinned by a tag or a digest, such as docker.io/atoll/notebook:0.1.0"
    }
    "sizes"                    = { type = "objects", required = true, say = "a list of sizes, each with name, cpu and memory" }
    "sizes[].name"             = { type = "text", required = true, pattern = local.name_ok, say = "1 to 40 lower-case letters, digits and hyphens" }
    "sizes[].displayName"      = { type = "text", pattern = "^.{1,63}$", say = "the name that people see, 1 to 63 characters" }
    "sizes[].default"          = { type = "boolean", say = "true for the size that is preselected" }
    "sizes[].cpu"              = { type = "object", required = true, say = "guarantee and limit" }
    "sizes[].cpu.guarantee"    = { type = "quantity", required = true, pattern = local.quantity, say = "cores, such as 500m" }
    "sizes[].cpu.limit"        = { type = "quantity", required = true, pattern = local.quantity, say = "cores, such as 2" }
    "sizes[].memory"           = { type = "object", required = true, say = "guarantee and limit" }
    "sizes[].memory.guarantee" = { type = "quantity", required = true, pattern = local.quantity, say = "bytes, such as 1Gi" }
    "sizes[].memory.limit"     = { type = "quantity", required = true, pattern = local.quantity, say = "bytes, such as 4Gi" }
    "sizes[].gpu"              = { type = "object", say = "count, and resource where it is not nvidia.com/gpu" }
    "sizes[].gpu.count"        = { type = "number", required = true, pattern = "^[1-9][0-9]?$", say = "a number of devices, 1 to 64" }
    "sizes[].gpu.resource"     = { type = "text", pattern = "^[a-z0-9.-]+/[A-Za-z0-9._-]+$", say = "an extended resource, such as nvidia.com/gpu" }
    "env"                      = { type = "map", say = "variables and their values; no secrets" }
    "packages"                 = { type = "texts", say = "a list of packages, such as pandas==2.3.3" }
    "nodePool"                 = { type = "object", say = "nodeSelector and tolerations" }
    "nodePool.nodeSelector"    = { type = "map", say = "labels of nodes and their values" }
    "nodePool.tolerations"     = { type = "objects", say = "a list of taints, each with key" }
    "nodePool.tolerations[].key" = {
      type = "text", required = true, pattern = "^\\S+$", say = "the key of a taint, such as nvidia.com/gpu"
    }
    "nodePool.tolerations[].value"  = { type = "text", say = "the value of the taint" }
    "nodePool.tolerations[].effect" = { type = "text", pattern = "^(NoSchedule|PreferNoSchedule|NoExecute)$", say = "NoSchedule, PreferNoSchedule or NoExecute" }
  }

  quantity = "^[0-9]+(\\.[0-9]+)?(m|k|K|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
}

module "profile_file" {
  source   = "./check"
  for_each = local.names.profiles

  file   = "profiles/${each.key}.yaml"
  text   = file("${var.folder}/profiles/${each.key}.yaml")
  fields = local.profile_fields
}

resource "atoll_profile" "this" {
  for_each = local.names.profiles

  name         = each.key
  display_name = module.profile_file[each.key].document.displayName
  description  = try(module.profile_file[each.key].document.description, null)
  image        = module.profile_file[each.key].document.image
  env          = try(module.profile_file[each.key].document.env, null)
  packages     = try(module.profile_file[each.key].document.packages, null)

  sizes = [for size in module.profile_file[each.key].document.sizes : {
    name         = size.name
    display_name = try(size.displayName, null)
    default      = try(size.default, null)
    cpu          = { guarantee = tostring(size.cpu.guarantee), limit = tostring(size.cpu.limit) }
    memory       = { guarantee = tostring(size.memory.guarantee), limit = tostring(size.memory.limit) }
    gpu          = try({ count = size.gpu.count, resource = try(size.gpu.resource, null) }, null)
  }]

  node_pool = can(module.profile_file[each.key].document.nodePool) ? {
    node_selector = try(module.profile_file[each.key].document.nodePool.nodeSelector, null)
    tolerations = try([for t in module.profile_file[each.key].document.nodePool.tolerations : {
      key    = t.key
      value  = try(t.value, null)
      effect = try(t.effect, null)
    }], null)
  } : null

  lifecycle {
    precondition {
      condition     = length(module.profile_file[each.key].problems) == 0
      error_message = join("\n", concat(module.profile_file[each.key].problems, ["Nothing is changed before the file is mended."]))
    }
    precondition {
      condition     = can(regex(local.name_ok, each.key))
      error_message = "profiles/${each.key}.yaml: ${local.name_rule}."
    }
  }
}
