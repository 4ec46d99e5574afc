variable "name" {
  description = "Name of the platform, and of everything that is made for it."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "cost_center" {
  description = "Who pays: the tag CostCenter of every resource."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", var.cost_center))
    error_message = "cost_center: 1 to 63 letters, digits, hyphens, underscores and dots."
  }
}

variable "tags" {
  description = "More tags of every resource."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for k in keys(var.tags) : !startswith(k, "aws:") && !startswith(k, "atoll.dev/") && k != "CostCenter"])
    error_message = "tags: keys that begin with aws: or atoll.dev/ are not yours to set, and CostCenter is set by cost_center."
  }
}

variable "network" {
  description = "The VPC, as modules/network takes it: an existing one, or how a new one is made."
  type = object({
    existing = optional(object({
      vpc_id              = string
      private_subnet_ids  = list(string)
      public_subnet_ids   = optional(list(string), [])
      database_subnet_ids = optional(list(string), [])
    }))
    cidr                = optional(string)
    zones               = optional(list(string))
    nat                 = optional(string)
    interface_endpoints = optional(set(string))
  })
  default  = {}
  nullable = false
}

variable "cluster" {
  description = "The cluster, as modules/cluster takes it: an existing one by name, or how a new one is made; who administers it; its nodes and add-ons."
  type = object({
    existing            = optional(string)
    kubernetes_version  = optional(string)
    public_access_cidrs = optional(set(string))
    administrators      = optional(set(string), [])
    viewers             = optional(set(string))
    addons              = optional(set(string))
    addon_versions      = optional(map(string))
    node_groups = optional(map(object({
      instance_types = optional(list(string))
      capacity       = optional(string)
      min            = optional(number)
      max            = optional(number)
      disk_gb        = optional(number)
      ami_type       = optional(string)
    })))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.cluster.existing == null || var.network.existing != null
    error_message = "cluster.existing: a cluster that is there already is in a VPC that is too; say which in network.existing."
  }
}

variable "storage" {
  description = "Database, retention and backups, as modules/storage takes them."
  type = object({
    database = optional(object({
      instance_class = optional(string)
      engine_version = optional(string)
      size_gb        = optional(number)
      max_size_gb    = optional(number)
      availability   = optional(string)
      backup_days    = optional(number)
    }))
    retention = optional(object({
      old_versions    = optional(number)
      outputs         = optional(number)
      logs            = optional(number)
      daily_backups   = optional(number)
      monthly_backups = optional(number)
    }))
    backup_lock           = optional(string)
    restore_test_schedule = optional(string)
  })
  default  = {}
  nullable = false
}

variable "identity" {
  description = "Components of yours that call AWS, Lake Formation and S3 Access Grants, as modules/identity takes them."
  type = object({
    components = optional(map(object({
      namespace       = string
      service_account = string
      statements = list(object({
        actions   = list(string)
        resources = list(string)
      }))
    })))
    lake_formation           = optional(string)
    lake_formation_catalog   = optional(string)
    access_grants            = optional(string)
    data_lake_administrators = optional(set(string))
  })
  default  = {}
  nullable = false
}

variable "data_egress" {
  description = "Where people's servers and runs reach services of AWS besides S3, such as the addresses of the endpoints of STS: ranges with a port."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for e in var.data_egress : can(cidrhost(join(":", slice(split(":", e), 0, length(split(":", e)) - 1)), 0)) && can(regex(":[0-9]{1,5}$", e))])
    error_message = "data_egress: address ranges with a port, such as 10.0.1.7/32:443."
  }
}
