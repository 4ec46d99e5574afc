# What the teams of a platform own: a pull request to the files in team/ shows the plan, the merge applies it.

module "team" {
  source = "../../modules/team"

  folder = "${path.module}/team"
}
