resource "aws_vpc" "this" {
  count = local.new ? 1 : 0

  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(local.tags, { Name = var.name })

  lifecycle {
    prevent_destroy = true
  }
}

# The group that AWS makes with a VPC and puts on whatever names none: it lets nothing through.
resource "aws_default_security_group" "this" {
  count = local.new ? 1 : 0

  vpc_id  = aws_vpc.this[0].id
  ingress = []
  egress  = []
  tags    = merge(local.tags, { Name = "${var.name}-default" })
}

resource "aws_internet_gateway" "this" {
  count = local.new ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = var.name })
}
