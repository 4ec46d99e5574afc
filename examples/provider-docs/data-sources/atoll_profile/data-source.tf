data "atoll_profile" "python" {
  name = "python"
}

# A second profile with the same image.
resource "atoll_profile" "large" {
  name         = "python-large"
  display_name = "Python 3 for large data"
  image        = data.atoll_profile.python.image
  sizes = [{
    name   = "large"
    cpu    = { guarantee = "8", limit = "16" }
    memory = { guarantee = "64Gi", limit = "128Gi" }
  }]
}
