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

output "trail_arn" {
  description = "Trail of every access to the data."
  value       = aws_cloudtrail.this.arn
}
