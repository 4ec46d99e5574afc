output "profiles" {
  description = "Names of the profiles."
  value       = keys(atoll_profile.this)

  precondition {
    condition     = length(local.strays) == 0
    error_message = "There is nobody to read ${join(", ", local.strays)}. Files are ${join(", ", [for kind, pattern in local.kinds : "${kind}/${pattern == "*" ? "<name>" : "<workspace>/<name>"}.yaml"])}."
  }
}

output "workspaces" {
  description = "By workspace: its namespace and where its members start their servers."
  value       = { for name, w in atoll_workspace.this : name => { namespace = w.namespace, hub_url = w.hub_url } }
}

output "schedules" {
  description = "Schedules as <workspace>/<name>, by which they are run at once: atoll run <workspace>/<name>."
  value       = keys(atoll_schedule.this)
}

output "datasets" {
  description = "Names of the datasets."
  value       = keys(atoll_dataset.this)
}

output "grants" {
  description = "By grant: its dataset and when it ends."
  value       = { for name, g in atoll_data_grant.this : name => { dataset = g.dataset, ends = g.not_after } }
}
