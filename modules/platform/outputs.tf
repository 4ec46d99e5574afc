output "platform_yaml" {
  description = "Content of platform.yaml: terraform output -raw platform_yaml > platform.yaml."
  value       = yamlencode(local.platform)
}

output "storage_class_yaml" {
  description = "StorageClass of people's homes, to be applied before bootstrap."
  value       = yamlencode(local.storage_class)
}

output "kubeconfig_command" {
  description = "Command that writes a kubeconfig for the cluster."
  value       = local.kubeconfig_command
}

output "database_sql" {
  description = "What psql is to run once, as the administrator, from within the VPC: roles and databases of the components. It asks for each password."
  value       = local.database_sql
}

output "next_steps" {
  description = "Commands from here to a platform, in order."
  value = join("\n", concat(
    [
      "terraform output -raw platform_yaml > platform.yaml",
      local.kubeconfig_command,
      "terraform output -raw storage_class_yaml | kubectl --context ${var.name} apply -f -",
      "# terraform output -raw database_sql: run it with psql from within the VPC; the administrator's password is in",
      "# ${coalesce(module.storage.database.secret_arn, "the secret of the database")}",
      "# hub-database.url: postgresql://${local.hub_database}:<password>@${module.storage.database.host}:${module.storage.database.port}/${local.hub_database}?sslmode=require",
    ],
    local.secret_commands,
    [
      "atoll check -f platform.yaml --context ${var.name}",
      "atoll bootstrap -f platform.yaml --context ${var.name}",
    ],
  ))
}

output "cluster" {
  description = "Name, address and version of the cluster."
  value = {
    name     = module.cluster.name
    endpoint = module.cluster.endpoint
    version  = module.cluster.version
  }
}

output "buckets" {
  description = "Names of the buckets, by purpose."
  value       = module.storage.buckets
}

output "role_arns" {
  description = "Role of each component that calls AWS."
  value       = module.identity.role_arns
}

output "grants_boundary_arn" {
  description = "Boundary of the role of each person, which grants are compiled to."
  value       = module.identity.grants_boundary_arn
}

output "network" {
  description = "VPC, zones and the addresses that nodes have on the internet."
  value = {
    vpc_id        = module.network.vpc_id
    zones         = module.network.zones
    nat_addresses = module.network.nat_addresses
  }
}
