# A VPC that is there already, as the provider for tests answers: subnets in three zones of one VPC.

provider "aws" {
  region = "eu-central-1"
}

run "an_existing_vpc" {
  command = plan

  variables {
    name = "reef"
    existing = {
      vpc_id             = "vpc-0123456789abcdef0"
      private_subnet_ids = ["subnet-a", "subnet-b"]
    }
  }

  assert {
    condition     = length(aws_vpc.this) == 0 && length(aws_subnet.private) == 0 && length(aws_vpc_endpoint.s3) == 0 && length(aws_kms_key.logs) == 0
    error_message = "Nothing is made in a VPC that is there already."
  }
  assert {
    condition     = output.cidr == "10.0.0.0/16" && length(output.zones) == 2
    error_message = "Outputs are those of the existing VPC."
  }
  assert {
    condition     = output.database_subnet_ids == tolist(["subnet-a", "subnet-b"])
    error_message = "Databases go to the private subnets where there are no others."
  }
}
