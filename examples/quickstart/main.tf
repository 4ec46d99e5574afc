# Two teams with two environments: what a platform team keeps in its infrastructure repository.

terraform {
  required_version = ">= 1.11"
  required_providers {
    atoll = {
      source = "atoll-platform/atoll"
    }
  }
}

provider "atoll" {
  kubeconfig = var.kubeconfig
  context    = var.context
}

resource "atoll_profile" "python" {
  name         = "python"
  display_name = "Python 3"
  description  = "JupyterLab with pandas, boto3 and papermill."
  image        = var.notebook_image
  sizes = [
    {
      name         = "small"
      display_name = "Small"
      default      = true
      cpu          = { guarantee = "100m", limit = "1" }
      memory       = { guarantee = "256Mi", limit = "1Gi" }
    },
    {
      name         = "medium"
      display_name = "Medium"
      cpu          = { guarantee = "250m", limit = "2" }
      memory       = { guarantee = "512Mi", limit = "2Gi" }
    },
  ]
}

resource "atoll_profile" "reporting" {
  name         = "reporting"
  display_name = "Reporting"
  description  = "The same libraries with a smaller server, for dashboards and monthly numbers."
  image        = var.notebook_image
  sizes = [
    {
      name   = "tiny"
      cpu    = { guarantee = "50m", limit = "500m" }
      memory = { guarantee = "192Mi", limit = "512Mi" }
    },
  ]
  env = { REPORT_LOCALE = "en_GB" }
}

resource "atoll_workspace" "fraud" {
  name         = "fraud"
  display_name = "Fraud detection"
  owner        = "carol"
  members = [
    { kind = "User", name = "ada", role = "Member" },
    { kind = "User", name = "dana", role = "Viewer" },
    { kind = "Group", name = "analysts", role = "Member" },
  ]
  profiles    = [atoll_profile.python.name, atoll_profile.reporting.name]
  quota       = { cpu = "4", memory = "8Gi", storage = "50Gi", servers = 5 }
  home        = { size = "2Gi" }
  culling     = { idle_after = "1h", max_hold = "8h" }
  cost_center = "risk-42"
}

resource "atoll_workspace" "marketing" {
  name         = "marketing"
  display_name = "Marketing"
  owner        = "eve"
  profiles     = [atoll_profile.reporting.name]
  quota        = { cpu = "2", memory = "4Gi", storage = "20Gi", servers = 2 }
  home         = { size = "1Gi" }
}
