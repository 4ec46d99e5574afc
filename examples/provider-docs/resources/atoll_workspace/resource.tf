resource "atoll_workspace" "fraud" {
  name         = "fraud"
  display_name = "Fraud detection"
  owner        = "carol"

  members = [
    { kind = "User", name = "ada", role = "Member" },
    { kind = "User", name = "dana", role = "Viewer" },
    { kind = "Group", name = "analysts", role = "Member" },
  ]

  profiles = [atoll_profile.python.name]

  quota = {
    cpu     = "32"
    memory  = "128Gi"
    storage = "500Gi"
    servers = 20
  }

  home = {
    size = "20Gi"
  }

  culling = {
    idle_after = "2h"
    max_hold   = "24h"
  }

  cost_center = "risk-42"
}

output "hub_url" {
  value = atoll_workspace.fraud.hub_url
}
