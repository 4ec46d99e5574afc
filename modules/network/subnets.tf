# An eighth of the VPC per zone for nodes and pods; from the two eighths that follow, small ones for load
# balancers and gateways, and for databases.
locals {
  subnets = { for i, zone in local.zones : zone => {
    private  = cidrsubnet(var.cidr, 3, i)
    public   = cidrsubnet(cidrsubnet(var.cidr, 3, 3), 3, i)
    database = cidrsubnet(cidrsubnet(var.cidr, 3, 4), 5, i)
  } }
}

resource "aws_subnet" "private" {
  for_each = local.subnets

  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = each.value.private

  tags = merge(local.tags, {
    Name                              = "${var.name}-private-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_subnet" "public" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.this[0].id
  availability_zone       = each.key
  cidr_block              = each.value.public
  map_public_ip_on_launch = false

  tags = merge(local.tags, {
    Name                     = "${var.name}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_subnet" "database" {
  for_each = local.subnets

  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = each.value.database
  tags              = merge(local.tags, { Name = "${var.name}-database-${each.key}" })

  lifecycle {
    prevent_destroy = true
  }
}
