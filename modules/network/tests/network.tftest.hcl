# What the network is planned to be. No account: the provider is mocked, its schemas are real.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"] }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name = "reef"
  tags = { CostCenter = "data-7" }
}

run "defaults" {
  command = plan

  assert {
    condition     = keys(aws_subnet.private) == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    error_message = "There is a private subnet in each of the first three zones."
  }
  assert {
    condition     = [for s in aws_subnet.private : s.cidr_block] == ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"]
    error_message = "Private subnets have room for 8,000 pods each."
  }
  assert {
    condition     = [for s in aws_subnet.public : s.cidr_block] == ["10.0.96.0/22", "10.0.100.0/22", "10.0.104.0/22"]
    error_message = "Public subnets follow the private ones."
  }
  assert {
    condition     = [for s in aws_subnet.database : s.cidr_block] == ["10.0.128.0/24", "10.0.129.0/24", "10.0.130.0/24"]
    error_message = "Database subnets follow the public ones."
  }
  assert {
    condition     = alltrue([for s in aws_subnet.public : !s.map_public_ip_on_launch])
    error_message = "Nothing gets a public address without asking for it."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.private) == 3
    error_message = "One gateway serves all three zones."
  }
  assert {
    condition     = aws_vpc_endpoint.s3[0].vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3[0].service_name == "com.amazonaws.eu-central-1.s3"
    error_message = "S3 is reached through a gateway endpoint."
  }
  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["ecr.api", "ecr.dkr", "eks-auth", "sts"]
    error_message = "Images, tokens and roles are reached without the internet."
  }
  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_cloudwatch_log_group.flow[0].retention_in_days == 365
    error_message = "All connections are logged for a year."
  }
  assert {
    condition     = aws_kms_key.logs[0].enable_key_rotation
    error_message = "The key of the logs rotates."
  }
  assert {
    condition     = length(aws_default_security_group.this[0].ingress) == 0 && length(aws_default_security_group.this[0].egress) == 0
    error_message = "The default security group lets nothing through."
  }
  assert {
    condition     = aws_vpc.this[0].tags["CostCenter"] == "data-7" && aws_vpc.this[0].tags["atoll.dev/platform"] == "reef"
    error_message = "Resources carry your tags and the platform's name."
  }
  assert {
    condition     = aws_subnet.private["eu-central-1a"].tags["kubernetes.io/role/internal-elb"] == "1" && aws_subnet.public["eu-central-1a"].tags["kubernetes.io/role/elb"] == "1"
    error_message = "Load balancers find their subnets by tag."
  }
}

run "a_gateway_per_zone" {
  command = plan

  variables {
    nat = "PerZone"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_eip.nat) == 3
    error_message = "Each zone has a gateway of its own."
  }
}

run "no_internet" {
  command = plan

  variables {
    nat = "None"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.private) == 0
    error_message = "Nodes have no way to the internet."
  }
}

run "two_zones_in_a_small_vpc" {
  command = plan

  variables {
    cidr  = "10.9.0.0/20"
    zones = ["eu-central-1b", "eu-central-1c"]
  }

  assert {
    condition     = [for s in aws_subnet.private : s.cidr_block] == ["10.9.0.0/23", "10.9.2.0/23"]
    error_message = "Subnets shrink with the VPC."
  }
  assert {
    condition     = [for s in aws_subnet.database : s.cidr_block] == ["10.9.8.0/28", "10.9.8.16/28"]
    error_message = "Database subnets are as small as AWS allows."
  }
}

run "an_existing_vpc_in_one_zone" {
  command = plan

  variables {
    existing = {
      vpc_id             = "vpc-0123"
      private_subnet_ids = ["subnet-a", "subnet-b"]
    }
  }

  override_data {
    target = data.aws_vpc.existing
    values = { enable_dns_support = true, enable_dns_hostnames = true }
  }
  override_data {
    target = data.aws_subnet.existing
    values = { vpc_id = "vpc-0123", availability_zone = "eu-central-1a" }
  }

  expect_failures = [output.vpc_id]
}

run "a_subnet_of_another_vpc" {
  command = plan

  variables {
    existing = {
      vpc_id             = "vpc-0123"
      private_subnet_ids = ["subnet-a", "subnet-b"]
    }
  }

  override_data {
    target = data.aws_vpc.existing
    values = { enable_dns_support = true, enable_dns_hostnames = true }
  }
  override_data {
    target = data.aws_subnet.existing
    values = { vpc_id = "vpc-9999", availability_zone = "eu-central-1a" }
  }

  expect_failures = [data.aws_subnet.existing[0], data.aws_subnet.existing[1]]
}

run "refused" {
  command = plan

  variables {
    name                    = "Reef"
    cidr                    = "10.0.0.0/24"
    nat                     = "Many"
    zones                   = ["eu-central-1a"]
    flow_log_retention_days = 7
    interface_endpoints     = ["ECR API"]
    tags                    = { "atoll.dev/platform" = "mine" }
  }

  expect_failures = [var.name, var.cidr, var.nat, var.zones, var.flow_log_retention_days, var.interface_endpoints, var.tags]
}
