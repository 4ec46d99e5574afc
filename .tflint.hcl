# Rules of Terraform itself; those of AWS need a plugin that is downloaded, and test/modules/rules has ours.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Modules of ours come together: there is one version of all.
rule "terraform_module_pinned_source" {
  enabled = true
}

# Files are named after their concern, not after Terraform's keywords.
rule "terraform_standard_module_structure" {
  enabled = false
}
