output "problems" {
  description = "All that is wrong with the file, each with its name and the field."
  value       = [for p in local.problems : "${var.file}: ${p}"]
}

output "document" {
  description = "What the file holds; null when it cannot be read."
  value       = local.document
}
