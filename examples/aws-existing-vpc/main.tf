# A platform in a VPC that a network team owns. The smallest one that has everything.

module "platform" {
  source = "../../modules/platform"

  name         = "reef"
  cost_center  = "data-7"
  hub_url      = "https://hub.example.com"
  availability = "Single"

  # No provider of your own: the platform runs Keycloak.
  sign_in = { url = "https://identity.example.com" }

  network = {
    existing = {
      vpc_id              = var.vpc_id
      private_subnet_ids  = var.private_subnet_ids
      database_subnet_ids = var.database_subnet_ids
    }
  }

  cluster = {
    administrators = var.administrators
    node_groups = {
      directory   = { instance_types = ["t3.large"], min = 1, max = 1 }
      system      = { instance_types = ["t3.large"], min = 1, max = 2 }
      data        = { instance_types = ["t3.large"], min = 1, max = 2 }
      application = { max = 5 }
      job         = { max = 10 }
    }
  }

  storage = {
    database = { instance_class = "db.t4g.micro", availability = "Single" }
  }
}
