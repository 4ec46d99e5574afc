output "hub_url" {
  description = "Where members start their servers."
  value       = atoll_workspace.fraud.hub_url
}

output "namespaces" {
  description = "Namespace of each workspace."
  value = {
    fraud     = atoll_workspace.fraud.namespace
    marketing = atoll_workspace.marketing.namespace
  }
}
