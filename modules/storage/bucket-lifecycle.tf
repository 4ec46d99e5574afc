locals {
  # After how many days objects end, and move to cheaper storage; 0 is never.
  bucket_life = {
    data    = { expire = 0, cool = 0 }
    outputs = { expire = var.retention.outputs, cool = 90 }
    backups = { expire = 0, cool = 30 }
    logs    = { expire = var.retention.logs, cool = 30 }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.retention.old_versions
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = local.bucket_life[each.key].cool > 0 ? ["cool"] : []
    content {
      id     = "cool"
      status = "Enabled"
      filter {}

      transition {
        days          = local.bucket_life[each.key].cool
        storage_class = "STANDARD_IA"
      }
    }
  }

  dynamic "rule" {
    for_each = local.bucket_life[each.key].expire > 0 ? ["expire"] : []
    content {
      id     = "expire"
      status = "Enabled"
      filter {}

      expiration {
        days = local.bucket_life[each.key].expire
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
