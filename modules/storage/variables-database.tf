variable "database" {
  description = "The PostgreSQL that components keep their state in. availability High runs a standby in another zone."
  type = object({
    instance_class = optional(string, "db.t4g.medium")
    engine_version = optional(string, "17")
    size_gb        = optional(number, 50)
    max_size_gb    = optional(number, 500)
    availability   = optional(string, "High")
    backup_days    = optional(number, 14)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.database.instance_class))
    error_message = "database.instance_class: a class of RDS, such as db.t4g.medium."
  }

  validation {
    condition     = can(regex("^1[5-9](\\.[0-9]+)?$", var.database.engine_version))
    error_message = "database.engine_version: PostgreSQL 15 or newer, such as \"17\"."
  }

  validation {
    condition     = var.database.size_gb >= 20 && var.database.max_size_gb >= var.database.size_gb && var.database.max_size_gb <= 65536
    error_message = "database.size_gb: 20 or more, and not above max_size_gb, which is 65536 at most."
  }

  validation {
    condition     = contains(["High", "Single"], var.database.availability)
    error_message = "database.availability: High or Single."
  }

  validation {
    condition     = var.database.backup_days >= 7 && var.database.backup_days <= 35
    error_message = "database.backup_days: 7 to 35; a database without backups is not offered."
  }
}
