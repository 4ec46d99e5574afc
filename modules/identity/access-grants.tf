# S3 Access Grants hands out objects of the data bucket to leases, by a role of its own.
locals {
  data_bucket = split(":::", var.bucket_arns.data)[1]
}

resource "aws_s3control_access_grants_instance" "this" {
  count = var.access_grants == "Managed" ? 1 : 0

  tags = local.tags
}

# The default location: every bucket of the account lies in it, and the role reads and writes one alone.
resource "aws_s3control_access_grants_location" "data" {
  count = var.access_grants == "Managed" ? 1 : 0

  location_scope = "s3://"
  iam_role_arn   = aws_iam_role.objects[0].arn
  tags           = local.tags

  depends_on = [aws_s3control_access_grants_instance.this, aws_iam_role_policy.objects]
}

resource "aws_iam_role" "objects" {
  count = var.access_grants == "Managed" ? 1 : 0

  name                 = "${var.name}-objects"
  description          = "Reads and writes the data of ${var.name} for S3 Access Grants"
  permissions_boundary = local.boundary_arn
  # Gates of leases close this long before a grant ends: nothing that is handed out may live longer.
  max_session_duration = 3600
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:SetSourceIdentity"]
      Principal = { Service = "access-grants.s3.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account, "aws:SourceArn" = local.access_grants } }
    }]
  })

  depends_on = [aws_iam_policy.boundary]
}

resource "aws_iam_role_policy" "objects" {
  count = var.access_grants == "Managed" ? 1 : 0

  name = "data"
  role = aws_iam_role.objects[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource  = "${var.bucket_arns.data}/*"
        Condition = local.by_access_grants
      },
      {
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = var.bucket_arns.data
        Condition = local.by_access_grants
      },
      {
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
      },
    ]
  })
}

locals {
  # S3 states its instance in the sessions that it hands out.
  by_access_grants = {
    StringEquals = { "aws:ResourceAccount" = local.account }
    ArnEquals    = { "s3:AccessGrantsInstanceArn" = local.access_grants }
  }
}
