# Where components keep their state: the hub, the identity provider, and those to come.
resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.database.engine_version
  instance_class = var.database.instance_class
  db_name        = "atoll"
  tags           = local.tags

  storage_type          = "gp3"
  allocated_storage     = var.database.size_gb
  max_allocated_storage = var.database.max_size_gb
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  multi_az               = var.database.availability == "High"
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  # RDS makes the administrator's password, keeps it in Secrets Manager and changes it.
  username                            = "atoll"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.this.arn
  iam_database_authentication_enabled = true

  backup_retention_period   = var.database.backup_days
  backup_window             = "01:00-02:00"
  maintenance_window        = "sun:04:00-sun:05:00"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.this.arn
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Databases of ${var.name}"
  subnet_ids  = var.database_subnet_ids
  tags        = local.tags
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  description = "TLS always, and a log of what is slow or changes the schema"
  family      = "postgres${split(".", var.database.engine_version)[0]}"
  tags        = local.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}
