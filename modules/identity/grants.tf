# The roles that grants are compiled to. They begin with no policy at all. Whoever takes one on must say for which
# person, which the trail then shows at every access.
resource "aws_iam_role" "grant" {
  for_each = var.grant_roles

  name                 = "${var.name}-grant-${each.value}"
  path                 = local.grants_path
  description          = "Data as granted to ${each.value}; policies are written by the operator"
  permissions_boundary = local.grants_boundary_arn
  max_session_duration = 3600
  tags                 = merge(local.tags, { "atoll.dev/grants" = each.value })

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
      Principal = { AWS = "${local.role_prefix}/${var.name}-operator" }
      Condition = { StringLike = { "sts:SourceIdentity" = "?*" } }
    }]
  })

  depends_on = [aws_iam_policy.grants_boundary, aws_iam_role.component]
}
