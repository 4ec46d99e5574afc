# Every read and write of the data and of outputs, with the person's name as the session's source identity.
resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = var.buckets.logs
  s3_key_prefix                 = "trail"
  kms_key_id                    = aws_kms_key.trail.arn
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = true
  tags                          = local.tags

  advanced_event_selector {
    name = "What is changed in the account"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  advanced_event_selector {
    name = "Who reads and writes objects"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field       = "resources.ARN"
      starts_with = ["${var.bucket_arns.data}/", "${var.bucket_arns.outputs}/"]
    }
  }
}

resource "aws_kms_key" "trail" {
  description             = "Trail of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Administration"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Trail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:DescribeKey", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = {
          "aws:SourceArn" = "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/${var.name}"
        } }
      },
    ]
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "trail" {
  name          = "alias/${var.name}-trail"
  target_key_id = aws_kms_key.trail.key_id
}
