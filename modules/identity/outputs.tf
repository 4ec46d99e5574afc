output "permissions_boundary_arn" {
  description = "Boundary of every role of the platform; the other modules take it."
  value       = local.boundary_arn
  depends_on  = [aws_iam_policy.boundary]
}

output "role_arns" {
  description = "Role of each component that calls AWS."
  value       = { for name, role in aws_iam_role.component : name => role.arn }
}

output "grants_boundary_arn" {
  description = "Boundary of the role of each person, which grants are compiled to."
  value       = local.grants_boundary_arn
  depends_on  = [aws_iam_policy.grants_boundary]
}

output "lake_formation_catalog" {
  description = "What datasets call the catalog whose tables Lake Formation hands out; empty where it hands out none."
  value       = var.lake_formation_catalog
  depends_on  = [aws_lakeformation_resource.data]
}

output "access_grants_bucket" {
  description = "Bucket whose objects S3 Access Grants hands out; empty where it hands out none. It is put together so that a plan shows it."
  value       = var.access_grants == "Managed" ? local.data_bucket : ""
  depends_on  = [aws_s3control_access_grants_location.data]
}

output "trail_arn" {
  description = "Trail of every access to the data."
  value       = aws_cloudtrail.this.arn
}
