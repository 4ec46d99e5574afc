# The operator compiles grants: into policies of the grant roles, and into permissions of Lake Formation.
locals {
  operator_statements = [
    {
      Sid      = "HandOutGrantRoles"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
      Resource = local.grants_roles
    },
    {
      Sid       = "CompileToPolicies"
      Effect    = "Allow"
      Action    = ["iam:DeleteRolePolicy", "iam:PutRolePolicy"]
      Resource  = local.grants_roles
      Condition = { StringEquals = { "iam:PermissionsBoundary" = local.grants_boundary_arn } }
    },
    {
      Sid      = "ReadPoliciesBack"
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies"]
      Resource = local.grants_roles
    },
    {
      Sid    = "CompileToTables"
      Effect = "Allow"
      Action = [
        "glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables",
        "lakeformation:BatchGrantPermissions", "lakeformation:BatchRevokePermissions", "lakeformation:GetDataLakeSettings",
        "lakeformation:ListPermissions",
      ]
      Resource = "*"
    },
  ]
}
