output "permissions_boundary_arn" {
  description = "Boundary of every role of the platform; the other modules take it."
  value       = local.boundary_arn
  depends_on  = [aws_iam_policy.boundary]
}

output "role_arns" {
  description = "Role of each component that calls AWS."
  value       = { for name, role in aws_iam_role.component : name => role.arn }
}

output "grant_role_arns" {
  description = "Roles that data grants are compiled to."
  value       = { for name, role in aws_iam_role.grant : name => role.arn }
}

output "trail_arn" {
  description = "Trail of every access to the data."
  value       = aws_cloudtrail.this.arn
}
