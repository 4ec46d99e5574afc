# A platform in an empty account: network, cluster, storage, identity.

module "platform" {
  source = "../../modules/platform"

  name        = "reef"
  cost_center = "data-7"
  hub_url     = "https://hub.example.com"
  sign_in     = { issuer = "https://login.example.com" }

  network = {
    nat = "PerZone"
  }

  cluster = {
    administrators = var.administrators
    node_groups = {
      directory   = {}
      system      = {}
      data        = {}
      application = { max = 50 }
      job         = { max = 100 }
      gpu         = { max = 2 }
    }
  }

  storage = {
    database = { instance_class = "db.m7g.large" }
  }
}
