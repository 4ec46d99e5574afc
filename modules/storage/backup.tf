# Every day and every month, of homes, the database and the data.
resource "aws_backup_vault" "this" {
  name          = var.name
  kms_key_arn   = aws_kms_key.this.arn
  force_destroy = false
  tags          = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_backup_vault_lock_configuration" "this" {
  count = var.backup_lock == "None" ? 0 : 1

  backup_vault_name   = aws_backup_vault.this.name
  min_retention_days  = 7
  changeable_for_days = var.backup_lock == "Compliance" ? 3 : null
}

resource "aws_backup_plan" "this" {
  name = var.name
  tags = local.tags

  rule {
    rule_name                = "daily"
    target_vault_name        = aws_backup_vault.this.name
    schedule                 = "cron(0 2 * * ? *)"
    start_window             = 60
    completion_window        = 360
    recovery_point_tags      = local.tags
    enable_continuous_backup = false

    lifecycle {
      delete_after = var.retention.daily_backups
    }
  }

  rule {
    rule_name           = "monthly"
    target_vault_name   = aws_backup_vault.this.name
    schedule            = "cron(0 4 1 * ? *)"
    start_window        = 60
    completion_window   = 720
    recovery_point_tags = local.tags

    lifecycle {
      delete_after = var.retention.monthly_backups
    }
  }
}

resource "aws_backup_selection" "this" {
  name         = var.name
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.backup.arn

  resources = [
    aws_efs_file_system.homes.arn,
    aws_db_instance.this.arn,
    aws_s3_bucket.this["data"].arn,
    aws_s3_bucket.this["outputs"].arn,
  ]
}
