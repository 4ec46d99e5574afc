terraform {
  required_providers {
    atoll = {
      source = "atoll-platform/atoll"
    }
  }
}

# By kubeconfig.
provider "atoll" {
  kubeconfig = "~/.kube/config"
  context    = "platform"
}

# By the name of an EKS cluster: its endpoint is looked up, and tokens are signed and renewed with
# the AWS credentials of the environment.
provider "atoll" {
  alias = "eks"
  eks = {
    cluster_name = "platform"
    region       = "eu-central-1"
  }
}

# By address, with credentials that a command prints.
provider "atoll" {
  alias                  = "host"
  host                   = "https://10.0.0.1:6443"
  cluster_ca_certificate = file("ca.pem")
  exec = {
    command = "kubelogin"
    args    = ["get-token", "--server-id", "platform"]
  }
}
