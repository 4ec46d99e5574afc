# Reads one YAML file and says all that is wrong with it, by field. It makes no resources.

locals {
  parsed   = try(yamldecode(var.text), null)
  document = can(keys(local.parsed)) ? local.parsed : null

  # Every value of the document: where it is (sizes[0].cpu), the field it is one of (sizes[].cpu), and its parent.
  top = try([for k, v in local.document : { path = k, field = k, parent = "", in = "", value = v }], [])
  second = flatten([for r in local.top : try([for k, v in r.value : {
    path   = can(keys(r.value)) ? "${r.path}.${k}" : "${r.path}[${k}]", field = can(keys(r.value)) ? "${r.field}.${k}" : "${r.field}[]"
    parent = r.field, in = r.path, value = v
  }], [])])
  third = flatten([for r in local.second : try([for k, v in r.value : {
    path   = can(keys(r.value)) ? "${r.path}.${k}" : "${r.path}[${k}]", field = can(keys(r.value)) ? "${r.field}.${k}" : "${r.field}[]"
    parent = r.field, in = r.path, value = v
  }], [])])
  fourth = flatten([for r in local.third : try([for k, v in r.value : {
    path   = can(keys(r.value)) ? "${r.path}.${k}" : "${r.path}[${k}]", field = can(keys(r.value)) ? "${r.field}.${k}" : "${r.field}[]"
    parent = r.field, in = r.path, value = v
  }], [])])
  fifth = flatten([for r in local.fourth : try([for k, v in r.value : {
    path   = can(keys(r.value)) ? "${r.path}.${k}" : "${r.path}[${k}]", field = can(keys(r.value)) ? "${r.field}.${k}" : "${r.field}[]"
    parent = r.field, in = r.path, value = v
  }], [])])
  values = concat(local.top, local.second, local.third, local.fourth, local.fifth)

  # The type of a value, told by how JSON writes it.
  kinds = { for r in local.values : r.path => lookup({
    "\"" = "text", "{" = "object", "[" = "list", "t" = "boolean", "f" = "boolean", "n" = "empty"
  }, substr(jsonencode(r.value), 0, 1), "number") }
  accepted = {
    text = ["text"], quantity = ["text", "number"], number = ["number"], boolean = ["boolean"]
    map  = ["object"], texts = ["list"], object = ["object"], objects = ["list"]
  }

  # The elements of a list are fields too.
  elements = merge(
    { for name, f in var.fields : "${name}[]" => { type = "text", required = false, pattern = f.pattern, say = f.say } if f.type == "texts" },
    { for name, f in var.fields : "${name}[]" => { type = "object", required = false, pattern = "", say = f.say } if f.type == "objects" },
  )
  fields = merge(var.fields, local.elements)
}
