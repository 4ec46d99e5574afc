output "workspaces" {
  description = "By workspace: its namespace and where its members start their servers."
  value       = module.team.workspaces
}
