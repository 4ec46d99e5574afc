data "aws_vpc" "existing" {
  count = local.new ? 0 : 1

  id = var.existing.vpc_id

  lifecycle {
    postcondition {
      condition     = self.enable_dns_support && self.enable_dns_hostnames
      error_message = "existing.vpc_id: ${self.id} needs DNS support and DNS host names, which EKS and the endpoints use. Turn both on."
    }
  }
}

data "aws_subnet" "existing" {
  count = length(local.existing_subnet_ids)

  id = local.existing_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.existing.vpc_id
      error_message = "existing: subnet ${self.id} is in ${self.vpc_id}, not in ${var.existing.vpc_id}."
    }
  }
}

locals {
  # The private ones first. Their number is known before they are: they may be made in the same run.
  existing_subnet_ids = local.new ? [] : concat(var.existing.private_subnet_ids, var.existing.public_subnet_ids, var.existing.database_subnet_ids)
  existing_zones      = local.new ? [] : [for i, _ in var.existing.private_subnet_ids : data.aws_subnet.existing[i].availability_zone]
}
