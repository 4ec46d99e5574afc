locals {
  # The account makes the names unique in the world.
  buckets = { for purpose in ["data", "outputs", "backups", "logs"] : purpose => "${var.name}-${purpose}-${local.account}" }
  # S3 writes access logs only where its own keys encrypt.
  keyless = ["logs"]
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket        = each.value
  force_destroy = false
  tags          = merge(local.tags, { "atoll.dev/purpose" = each.key })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    bucket_key_enabled = !contains(local.keyless, each.key)

    apply_server_side_encryption_by_default {
      sse_algorithm     = contains(local.keyless, each.key) ? "AES256" : "aws:kms"
      kms_master_key_id = contains(local.keyless, each.key) ? null : aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each = { for purpose, name in local.buckets : purpose => name if purpose != "logs" }

  bucket        = aws_s3_bucket.this[each.key].bucket
  target_bucket = aws_s3_bucket.this["logs"].bucket
  target_prefix = "s3/${each.key}/"

  depends_on = [aws_s3_bucket_policy.this]
}
