# What a team owns, from a folder of YAML files. A kind is one file here, with what its files may hold and the
# resource they become, and one line in kinds.

locals {
  # By kind: its files, their names without .yaml; those of what is in a workspace are <workspace>/<name>.
  names = { for kind, pattern in local.kinds : kind => toset([
    for file in fileset(var.folder, "${kind}/${pattern}.yaml") : trimsuffix(trimprefix(file, "${kind}/"), ".yaml")
  ]) }

  kinds = { datasets = "*", grants = "*", profiles = "*", schedules = "*/*", workspaces = "*" }

  name_rule = "the name of the file is the object's name: 1 to 40 lower-case letters, digits and hyphens"
  name_ok   = "^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$"

  # What is in the folder and is read by nobody.
  strays = [for file in fileset(var.folder, "**") : file if !startswith(basename(file), ".") && lower(basename(file)) != "readme.md" && !anytrue([
    for kind, pattern in local.kinds : can(regex("^${kind}/${replace(pattern, "*", "[^/]+")}\\.yaml$", file))
  ])]
}
