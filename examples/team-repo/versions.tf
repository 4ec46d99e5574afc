terraform {
  required_version = ">= 1.11"

  required_providers {
    atoll = {
      source  = "atoll-platform/atoll"
      version = ">= 0.1"
    }
  }
}

provider "atoll" {
  kubeconfig = var.kubeconfig
  context    = var.context
}
