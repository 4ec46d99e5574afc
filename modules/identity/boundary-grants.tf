# The most that a grant can ever give: objects and tables of the platform's data, nothing else.
resource "aws_iam_policy" "grants_boundary" {
  name        = "${var.name}-grants-boundary"
  path        = "/atoll/"
  description = "Bounds the roles that grants of ${var.name} are compiled to"
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:GetObjectVersion", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource = "${var.bucket_arns.data}/*"
      },
      {
        Sid      = "Listing"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
        Resource = var.bucket_arns.data
      },
      {
        Sid       = "Key"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
      },
      {
        Sid    = "Tables"
        Effect = "Allow"
        Action = [
          "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables",
          "lakeformation:GetDataAccess",
        ]
        Resource = "*"
      },
      # Whatever a lease's trust policy says: EKS has put the person's service account into the tags of their sessions.
      {
        Sid      = "TakeOwnLeasesOn"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole", "sts:TagSession"]
        Resource = [for kind in ["tables", "objects"] : "${local.role_prefix}/atoll/${var.name}/leases/${kind}/$${aws:PrincipalTag/kubernetes-service-account}/*"]
      },
      {
        Sid      = "HandedOutObjects"
        Effect   = "Allow"
        Action   = ["s3:GetDataAccess"]
        Resource = local.access_grants
      },
    ]
  })
}
