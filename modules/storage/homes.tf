# People's homes: one file system, a directory of their own for each, made by the EFS driver.
resource "aws_efs_file_system" "homes" {
  creation_token   = "${var.name}-homes"
  encrypted        = true
  kms_key_id       = aws_kms_key.this.arn
  performance_mode = "generalPurpose"
  throughput_mode  = "elastic"
  tags             = merge(local.tags, { Name = "${var.name}-homes" })

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }
  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }

  protection {
    replication_overwrite = "ENABLED"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Anyone on the nodes may mount over TLS; root is nobody there, each home has an owner of its own.
resource "aws_efs_file_system_policy" "homes" {
  file_system_id = aws_efs_file_system.homes.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Mount"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.homes.arn
        Condition = { Bool = { "elasticfilesystem:AccessedViaMountTarget" = "true" } }
      },
      {
        Sid       = "TLSOnly"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.homes.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_efs_mount_target" "homes" {
  count = length(var.home_subnet_ids)

  file_system_id  = aws_efs_file_system.homes.id
  subnet_id       = var.home_subnet_ids[count.index]
  security_groups = [aws_security_group.homes.id]
}

resource "aws_security_group" "homes" {
  name        = "${var.name}-homes"
  description = "Homes as the nodes mount them"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-homes" })
}

resource "aws_vpc_security_group_ingress_rule" "homes" {
  security_group_id            = aws_security_group.homes.id
  description                  = "NFS from the nodes"
  referenced_security_group_id = var.client_security_group_id
  from_port                    = 2049
  to_port                      = 2049
  ip_protocol                  = "tcp"
  tags                         = local.tags
}
