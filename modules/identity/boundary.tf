# The most that any role of the platform can ever do, whatever its own policies say. It gives nothing by itself.
resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  path        = "/atoll/"
  description = "Bounds every role of ${var.name}"
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.compile_statements, [
      {
        Sid       = "WorkInTheAccount"
        Effect    = "Allow"
        NotAction = ["account:*", "aws-portal:*", "iam:*", "organizations:*", "sso:*", "sso-directory:*"]
        Resource  = "*"
      },
      {
        Sid    = "HandOnRoles"
        Effect = "Allow"
        Action = [
          "iam:CreateServiceLinkedRole", "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy",
          "iam:PassRole",
        ]
        Resource = "*"
      },
      {
        Sid      = "LeaveTheTrail"
        Effect   = "Deny"
        Action   = ["cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"]
        Resource = "*"
      },
      {
        Sid      = "LeaveTheKeys"
        Effect   = "Deny"
        Action   = ["kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
        Resource = "*"
      },
      {
        Sid      = "ReadDataByGrantAlone"
        Effect   = "Deny"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
        Resource = "${var.bucket_arns.data}/*"
        Condition = { ArnNotLike = { "aws:PrincipalArn" = [
          local.grants_roles, "${local.role_prefix}/${var.name}-backup", "${local.role_prefix}/${var.name}-lake", "${local.role_prefix}/${var.name}-objects",
        ] } }
      },
    ])
  })
}

# ARNs are put together rather than read back, so that a plan shows policies and boundaries before anything is made.
locals {
  boundary_arn        = "arn:${local.partition}:iam::${local.account}:policy/atoll/${var.name}-boundary"
  grants_boundary_arn = "arn:${local.partition}:iam::${local.account}:policy/atoll/${var.name}-grants-boundary"
}
