# A platform on a cluster that others use too: nodes of its own beside theirs, and the add-ons that it lacks.

module "platform" {
  source = "../../modules/platform"

  name        = "reef"
  cost_center = "data-7"
  hub_url     = "https://hub.example.com"
  access      = "LoadBalancer"

  certificate_arn = var.certificate_arn
  sign_in         = { issuer = "https://login.example.com", client_id = "reef" }

  network = {
    existing = {
      vpc_id             = var.vpc_id
      private_subnet_ids = var.private_subnet_ids
    }
  }

  cluster = {
    existing       = var.cluster_name
    administrators = var.administrators
    addons         = ["eks-pod-identity-agent", "aws-ebs-csi-driver", "aws-efs-csi-driver"]
  }

  # Somebody else already manages Lake Formation in this account.
  identity = {
    lake_formation = "Unmanaged"
  }
}
