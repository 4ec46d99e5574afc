# The profiles that a workspace allows and that are ready.
data "atoll_profiles" "fraud" {
  workspace = "fraud"
  ready     = true
}

output "images" {
  value = { for p in data.atoll_profiles.fraud.profiles : p.name => p.image }
}
