# What is kept and how. No account: the provider is mocked, its schemas are real.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name                     = "reef"
  vpc_id                   = "vpc-1"
  home_subnet_ids          = ["subnet-a", "subnet-b", "subnet-c"]
  database_subnet_ids      = ["subnet-d", "subnet-e"]
  client_security_group_id = "sg-nodes"
  tags                     = { CostCenter = "data-7" }
}

run "buckets" {
  command = plan

  assert {
    condition     = [for b in aws_s3_bucket.this : b.bucket] == ["reef-backups-123456789012", "reef-data-123456789012", "reef-logs-123456789012", "reef-outputs-123456789012"]
    error_message = "There are four buckets, with names that are unique in the world."
  }
  assert {
    condition     = alltrue([for p in aws_s3_bucket_public_access_block.this : p.block_public_acls && p.block_public_policy && p.ignore_public_acls && p.restrict_public_buckets])
    error_message = "No bucket is public."
  }
  assert {
    condition     = alltrue([for v in aws_s3_bucket_versioning.this : v.versioning_configuration[0].status == "Enabled"])
    error_message = "Every bucket keeps old versions."
  }
  assert {
    condition = { for purpose, e in aws_s3_bucket_server_side_encryption_configuration.this : purpose => one(one(e.rule).apply_server_side_encryption_by_default).sse_algorithm } == {
      backups = "aws:kms", data = "aws:kms", logs = "AES256", outputs = "aws:kms",
    }
    error_message = "Every bucket is encrypted, all but the logs with a key of ours."
  }
  assert {
    condition = alltrue([for p in aws_s3_bucket_policy.this : contains([
      for s in jsondecode(p.policy).Statement : s.Effect if try(s.Condition.Bool["aws:SecureTransport"], "") == "false"
    ], "Deny")])
    error_message = "Nothing is read or written without TLS."
  }
  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.this["data"].policy).Statement : s.Effect] == ["Deny", "Deny"]
    error_message = "The policy of the data gives nobody anything."
  }
  assert {
    condition     = alltrue([for b in aws_s3_bucket.this : !b.force_destroy])
    error_message = "A bucket that holds something is not removed."
  }
  assert {
    condition     = keys(aws_s3_bucket_logging.this) == ["backups", "data", "outputs"]
    error_message = "Who read what is logged."
  }
  assert {
    condition     = [for r in aws_s3_bucket_lifecycle_configuration.this["data"].rule : r.id] == ["old-versions"]
    error_message = "Data never expires by itself."
  }
  assert {
    condition     = [for r in aws_s3_bucket_lifecycle_configuration.this["logs"].rule : r.id] == ["old-versions", "cool", "expire"]
    error_message = "Logs end after three years."
  }
}

run "homes" {
  command = plan

  assert {
    condition     = aws_efs_file_system.homes.encrypted && aws_efs_file_system.homes.performance_mode == "generalPurpose"
    error_message = "Homes are encrypted."
  }
  assert {
    condition     = length(aws_efs_mount_target.homes) == 3
    error_message = "Homes are mounted in each zone."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.homes.referenced_security_group_id == "sg-nodes" && aws_vpc_security_group_ingress_rule.homes.from_port == 2049
    error_message = "Only nodes reach homes."
  }
}

run "the_database" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.storage_encrypted && aws_db_instance.this.deletion_protection
    error_message = "The database stands by in another zone, is encrypted and protected."
  }
  assert {
    condition     = aws_db_instance.this.iam_database_authentication_enabled && aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "No password is in the state."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 14
    error_message = "The database is private and backed up, at its end too."
  }
  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1") && aws_db_parameter_group.this.family == "postgres17"
    error_message = "The database speaks TLS only."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.database.referenced_security_group_id == "sg-nodes"
    error_message = "Only nodes reach the database."
  }
}

run "backups" {
  command = plan

  assert {
    condition     = { for r in aws_backup_plan.this.rule : r.rule_name => r.lifecycle[0].delete_after } == { daily = 35, monthly = 365 }
    error_message = "There is a backup of every day and of every month."
  }
  assert {
    condition     = aws_backup_restore_testing_plan.this.schedule_expression == "cron(0 3 ? * SUN *)"
    error_message = "A restore is tried every week."
  }
  assert {
    condition     = aws_backup_restore_testing_selection.homes.protected_resource_type == "EFS" && aws_backup_restore_testing_selection.database.protected_resource_type == "RDS"
    error_message = "Homes and the database are restored."
  }
  assert {
    condition     = length(aws_backup_vault_lock_configuration.this) == 1 && aws_backup_vault_lock_configuration.this[0].changeable_for_days == null
    error_message = "Backups cannot be deleted early without a special right."
  }
}

run "a_small_one" {
  command = plan

  variables {
    database    = { availability = "Single", instance_class = "db.t4g.micro", engine_version = "16.4" }
    backup_lock = "None"
    retention   = { outputs = 180 }
  }

  assert {
    condition     = !aws_db_instance.this.multi_az && aws_db_parameter_group.this.family == "postgres16" && aws_db_instance.this.deletion_protection
    error_message = "A small database is protected like a large one."
  }
  assert {
    condition     = [for r in aws_s3_bucket_lifecycle_configuration.this["outputs"].rule : r.id] == ["old-versions", "cool", "expire"]
    error_message = "Outputs end when asked to."
  }
  assert {
    condition     = length(aws_backup_vault_lock_configuration.this) == 0
    error_message = "The lock is by choice."
  }
}

run "refused" {
  command = plan

  variables {
    name                  = "reef_1"
    vpc_id                = "reef"
    database_subnet_ids   = ["subnet-d"]
    database              = { backup_days = 0 }
    retention             = { daily_backups = 30, monthly_backups = 7 }
    backup_lock           = "Always"
    restore_test_schedule = "weekly"
  }

  expect_failures = [
    var.name, var.vpc_id, var.database_subnet_ids, var.database, var.retention, var.backup_lock, var.restore_test_schedule,
  ]
}
