# The operator compiles grants: into policies of people's roles, as grants.tf says, and into permissions of Lake Formation. For
# runs it signs URLs of their own notebooks; data they read is granted, not given here.
locals {
  access_grants = "arn:${local.partition}:s3:${local.region}:${local.account}:access-grants/default"

  operator_statements = concat(
    local.compile_statements, local.associate_statements, local.runs_statements,
    [for s in local.tables_statements : s if var.lake_formation_catalog != ""],
    [for s in local.objects_statements : s if var.access_grants == "Managed"],
  )

  runs_statements = [
    {
      Sid      = "ReadNotebooksOfRuns"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "${var.bucket_arns.outputs}/notebooks/*"
    },
    {
      Sid      = "KeepOutputsOfRuns"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
      Resource = "${var.bucket_arns.outputs}/outputs/*"
    },
    {
      Sid      = "FindNotebooksOfRuns"
      Effect   = "Allow"
      Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
      Resource = var.bucket_arns.outputs
    },
    {
      Sid       = "KeyOfRuns"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
    },
  ]

  # What hands data out is the operator's to ask where it enforces grants, and nowhere else.
  tables_statements = [{
    Sid    = "CompileToTables"
    Effect = "Allow"
    Action = [
      "glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables",
      "lakeformation:BatchGrantPermissions", "lakeformation:BatchRevokePermissions", "lakeformation:CreateDataCellsFilter",
      "lakeformation:GetDataCellsFilter", "lakeformation:GetDataLakeSettings", "lakeformation:ListPermissions",
      "lakeformation:UpdateDataCellsFilter",
    ]
    Resource = "*"
  }]

  objects_statements = [{
    Sid      = "CompileToAccessGrants"
    Effect   = "Allow"
    Action   = ["s3:CreateAccessGrant", "s3:DeleteAccessGrant", "s3:ListAccessGrants", "s3:TagResource"]
    Resource = [local.access_grants, "${local.access_grants}/*"]
  }]
}
