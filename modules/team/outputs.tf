output "profiles" {
  description = "Names of the profiles."
  value       = keys(atoll_profile.this)

  precondition {
    condition     = length(local.strays) == 0
    error_message = "There is nobody to read ${join(", ", local.strays)}. Files are <kind>/<name>.yaml, and the kinds are ${join(", ", local.kinds)}."
  }
}

output "workspaces" {
  description = "By workspace: its namespace and where its members start their servers."
  value       = { for name, w in atoll_workspace.this : name => { namespace = w.namespace, hub_url = w.hub_url } }
}
