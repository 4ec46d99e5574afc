output "platform_yaml" {
  description = "Content of platform.yaml."
  value       = module.platform.platform_yaml
}

output "storage_class_yaml" {
  description = "StorageClass of people's homes."
  value       = module.platform.storage_class_yaml
}

output "database_sql" {
  description = "Roles and databases of the components, for psql."
  value       = module.platform.database_sql
}

output "next_steps" {
  description = "Commands from here to a platform."
  value       = module.platform.next_steps
}
