# A backup is one once it has been restored: every week the newest of homes and of the database are, and removed again.
resource "aws_backup_restore_testing_plan" "this" {
  name                         = replace(var.name, "-", "_")
  schedule_expression          = var.restore_test_schedule
  schedule_expression_timezone = "Etc/UTC"
  start_window_hours           = 4
  tags                         = local.tags

  recovery_point_selection {
    algorithm             = "LATEST_WITHIN_WINDOW"
    include_vaults        = [aws_backup_vault.this.arn]
    recovery_point_types  = ["SNAPSHOT"]
    selection_window_days = 7
  }
}

resource "aws_backup_restore_testing_selection" "homes" {
  name                      = "homes"
  restore_testing_plan_name = aws_backup_restore_testing_plan.this.name
  protected_resource_type   = "EFS"
  protected_resource_arns   = [aws_efs_file_system.homes.arn]
  iam_role_arn              = aws_iam_role.backup.arn
  validation_window_hours   = 4
}

resource "aws_backup_restore_testing_selection" "database" {
  name                      = "database"
  restore_testing_plan_name = aws_backup_restore_testing_plan.this.name
  protected_resource_type   = "RDS"
  protected_resource_arns   = [aws_db_instance.this.arn]
  iam_role_arn              = aws_iam_role.backup.arn
  validation_window_hours   = 4

  restore_metadata_overrides = {
    dbSubnetGroupName = aws_db_subnet_group.this.name
  }
}
