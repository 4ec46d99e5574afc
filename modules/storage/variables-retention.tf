variable "retention" {
  description = "How long things are kept, in days: old versions of objects, outputs of runs (0 keeps them), logs, and the daily and monthly backups."
  type = object({
    old_versions    = optional(number, 90)
    outputs         = optional(number, 0)
    logs            = optional(number, 1096)
    daily_backups   = optional(number, 35)
    monthly_backups = optional(number, 365)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.retention.old_versions >= 7 && var.retention.logs >= 90
    error_message = "retention: old_versions is 7 or more, and logs is 90 or more."
  }

  validation {
    condition     = var.retention.outputs == 0 || var.retention.outputs >= 30
    error_message = "retention.outputs: 0 to keep them, or 30 and more."
  }

  validation {
    condition     = var.retention.daily_backups >= 7 && var.retention.monthly_backups >= var.retention.daily_backups
    error_message = "retention: daily_backups is 7 or more, and monthly_backups is not below daily_backups."
  }
}

variable "backup_lock" {
  description = "Whether anyone may shorten the life of a backup: None lets administrators do so, Governance takes a special right, Compliance nobody ever, AWS included, three days after it was set."
  type        = string
  default     = "Governance"
  nullable    = false

  validation {
    condition     = contains(["None", "Governance", "Compliance"], var.backup_lock)
    error_message = "backup_lock: None, Governance or Compliance."
  }
}

variable "restore_test_schedule" {
  description = "When a restore of the newest backups is tried, as a cron expression of AWS in UTC."
  type        = string
  default     = "cron(0 3 ? * SUN *)"
  nullable    = false

  validation {
    condition     = can(regex("^cron\\(.+\\)$", var.restore_test_schedule))
    error_message = "restore_test_schedule: such as cron(0 3 ? * SUN *), Sundays at three."
  }
}
