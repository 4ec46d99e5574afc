data "atoll_access_what_can" "bob" {
  person = "bob"
}

output "bob" {
  value = [for a in data.atoll_access_what_can.bob.access : "${a.action} ${a.dataset} by ${join(", ", a.grants)}"]
}
