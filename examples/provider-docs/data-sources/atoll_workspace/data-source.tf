data "atoll_workspace" "fraud" {
  name = "fraud"
}

# What is in use now, and whether the workspace is ready.
output "fraud" {
  value = {
    ready = data.atoll_workspace.fraud.ready
    usage = data.atoll_workspace.fraud.usage
  }
}
