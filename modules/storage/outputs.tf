output "buckets" {
  description = "Names of the buckets, by purpose: data, outputs, backups and logs."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.bucket }
  depends_on  = [aws_s3_bucket_policy.this]
}

output "bucket_arns" {
  description = "ARNs of the buckets, by purpose; known before the buckets are there."
  value       = local.bucket_arns
}

output "key_arn" {
  description = "Key that everything kept is encrypted with."
  value       = aws_kms_key.this.arn
}

output "homes_file_system_id" {
  description = "File system of people's homes, for the StorageClass."
  value       = aws_efs_file_system.homes.id
}

output "database" {
  description = "Where the database is, and the secret that RDS keeps its administrator's password in."
  value = {
    host        = aws_db_instance.this.address
    port        = 5432
    name        = aws_db_instance.this.db_name
    username    = aws_db_instance.this.username
    resource_id = aws_db_instance.this.resource_id
    secret_arn  = one(aws_db_instance.this.master_user_secret[*].secret_arn)
  }
}

output "backup_vault_name" {
  description = "Vault of the backups."
  value       = aws_backup_vault.this.name
}
