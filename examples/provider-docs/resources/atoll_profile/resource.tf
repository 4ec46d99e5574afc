resource "atoll_profile" "python" {
  name         = "python"
  display_name = "Python 3"
  description  = "JupyterLab with pandas and boto3, on CPU or on one GPU."
  image        = "docker.io/atoll/notebook:0.1.0"

  sizes = [
    {
      name         = "small"
      display_name = "Small"
      default      = true
      cpu          = { guarantee = "500m", limit = "2" }
      memory       = { guarantee = "2Gi", limit = "4Gi" }
    },
    {
      name         = "gpu"
      display_name = "One GPU"
      cpu          = { guarantee = "4", limit = "8" }
      memory       = { guarantee = "16Gi", limit = "32Gi" }
      gpu          = { count = 1 }
    },
  ]

  env = {
    PIP_DISABLE_PIP_VERSION_CHECK = "1"
  }

  packages = ["pandas", "boto3"]

  node_pool = {
    node_selector = { "example.com/pool" = "notebooks" }
    tolerations   = [{ key = "example.com/pool", value = "notebooks", effect = "NoSchedule" }]
  }
}
