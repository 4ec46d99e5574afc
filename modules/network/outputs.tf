output "vpc_id" {
  description = "Id of the VPC."
  value       = local.new ? aws_vpc.this[0].id : data.aws_vpc.existing[0].id

  precondition {
    condition     = local.new || length(distinct(local.existing_zones)) >= 2
    error_message = "existing.private_subnet_ids: they are all in one zone (${join(", ", distinct(local.existing_zones))}); EKS asks for two."
  }
}

output "cidr" {
  description = "Addresses of the VPC."
  value       = local.new ? var.cidr : data.aws_vpc.existing[0].cidr_block
}

output "zones" {
  description = "Availability zones of the private subnets."
  value       = local.new ? local.zones : distinct(local.existing_zones)
}

output "private_subnet_ids" {
  description = "Subnets of nodes and pods, one a zone."
  value       = local.new ? [for zone in local.zones : aws_subnet.private[zone].id] : var.existing.private_subnet_ids
}

output "public_subnet_ids" {
  description = "Subnets of load balancers that face the internet."
  value       = local.new ? [for zone in local.zones : aws_subnet.public[zone].id] : var.existing.public_subnet_ids
}

output "database_subnet_ids" {
  description = "Subnets of databases; the private ones where an existing VPC has none of their own."
  value = local.new ? [for zone in local.zones : aws_subnet.database[zone].id] : (
    length(var.existing.database_subnet_ids) > 0 ? var.existing.database_subnet_ids : var.existing.private_subnet_ids
  )
}

output "nat_addresses" {
  description = "Addresses under which nodes reach the internet, for the allow lists of others."
  value       = [for ip in aws_eip.nat : ip.public_ip]
}
