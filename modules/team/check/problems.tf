locals {
  unreadable = local.parsed == null && trimspace(var.text) != "" ? ["it is not YAML; look at its indentation and quotes"] : (
    local.document == null ? ["it has no fields; it needs ${join(", ", [for name, f in var.fields : name if f.required && !strcontains(name, ".")])}"] : []
  )

  # By the path of a field with fields of its own, "" for the document: their names.
  offered = { for name in keys(var.fields) : join(".", slice(split(".", name), 0, length(split(".", name)) - 1)) => reverse(split(".", name))[0]... }

  # What is in a map is the author's to name, and what is in an unknown field has been told of once.
  expected = [for r in local.values : r if contains(keys(local.fields), r.field)]
  unknown = [
    for r in local.values : "${r.path}: there is no such field; there are ${join(", ", sort(lookup(local.offered, r.parent, ["none"])))}"
    if !contains(keys(local.fields), r.field) && (r.parent == "" || try(local.fields[r.parent].type == "object", false))
  ]

  fits = { for r in local.expected : r.path => contains(local.accepted[local.fields[r.field].type], local.kinds[r.path]) }
  mistyped = [
    for r in local.expected :
    "${r.path}: ${local.kinds[r.path] == "empty" ? "it is empty" : "it is a ${local.kinds[r.path]}"}; ${local.fields[r.field].say}"
    if !local.fits[r.path]
  ]

  patterned = [for r in local.expected : r if local.fits[r.path] && local.fields[r.field].pattern != "" && !can(keys(r.value))]
  unfit = [
    for r in local.patterned : "${r.path}: ${jsonencode(r.value)} does not fit; ${local.fields[r.field].say}"
    if local.kinds[r.path] != "list" && !can(regex(local.fields[r.field].pattern, tostring(r.value)))
  ]

  # In a map every value is a text.
  odd = flatten([for r in local.expected : [
    for k, v in r.value : "${r.path}.${k}: it has to be a text; put it in quotes" if substr(jsonencode(v), 0, 1) != "\""
  ] if local.fields[r.field].type == "map" && local.kinds[r.path] == "object"])

  # A required field is missing where what it belongs to is there.
  homes = concat([{ path = "", field = "" }], [for r in local.values : { path = r.path, field = r.field } if local.kinds[r.path] == "object"])
  there = { for home in local.homes : home.path => [for r in local.values : r.field if r.in == home.path] }
  missing = flatten([for parent, names in local.offered : [for name in names : [for home in local.homes :
    "${home.path == "" ? "" : "${home.path}."}${name}: it is missing; ${var.fields[parent == "" ? name : "${parent}.${name}"].say}"
    if home.field == parent && !contains(local.there[home.path], parent == "" ? name : "${parent}.${name}")
  ] if var.fields[parent == "" ? name : "${parent}.${name}"].required]])

  problems = length(local.unreadable) > 0 ? local.unreadable : concat(
    local.missing, local.unknown, local.mistyped, local.unfit, local.odd,
  )
}
