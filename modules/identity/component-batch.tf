# Runs keep their executed notebooks. Data they read is granted, not given here.
locals {
  batch_statements = [
    {
      Sid      = "KeepOutputs"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
      Resource = "${var.bucket_arns.outputs}/*"
    },
    {
      Sid      = "ListOutputs"
      Effect   = "Allow"
      Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
      Resource = var.bucket_arns.outputs
    },
    {
      Sid       = "Key"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
    },
  ]
}
