# Tables belong to nobody until they are granted: the default that gives every IAM principal everything is gone.
resource "aws_lakeformation_data_lake_settings" "this" {
  count = var.lake_formation == "Managed" ? 1 : 0

  admins = concat([aws_iam_role.component["operator"].arn], sort(var.data_lake_administrators))

  parameters = {
    CROSS_ACCOUNT_VERSION = "4"
    SET_CONTEXT           = "TRUE"
  }
}

# Lake Formation hands out data of the bucket in place of whoever asks for a table.
resource "aws_lakeformation_resource" "data" {
  count = var.lake_formation == "Managed" ? 1 : 0

  arn      = "arn:${local.partition}:s3:::${var.buckets.data}"
  role_arn = aws_iam_role.lake[0].arn

  depends_on = [aws_iam_role_policy.lake]
}

resource "aws_iam_role" "lake" {
  count = var.lake_formation == "Managed" ? 1 : 0

  name                 = "${var.name}-lake"
  description          = "Reads and writes the data of ${var.name} for Lake Formation"
  permissions_boundary = local.boundary_arn
  # Gates of leases close this long before a grant ends: nothing that is handed out may live longer.
  max_session_duration = 3600
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:SetContext", "sts:SetSourceIdentity"]
      Principal = { Service = "lakeformation.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  depends_on = [aws_iam_policy.boundary]
}

resource "aws_iam_role_policy" "lake" {
  count = var.lake_formation == "Managed" ? 1 : 0

  name = "data"
  role = aws_iam_role.lake[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = "${var.bucket_arns.data}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = var.bucket_arns.data
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.key_arn
      },
    ]
  })
}
