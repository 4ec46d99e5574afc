terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.66, < 7.0"
    }
  }

  # State belongs in a bucket of its own, encrypted and versioned, with a lock:
  # backend "s3" {
  #   bucket       = "reef-terraform"
  #   key          = "platform.tfstate"
  #   region       = "eu-central-1"
  #   encrypt      = true
  #   use_lockfile = true
  # }
}

provider "aws" {
  region = var.region
}
