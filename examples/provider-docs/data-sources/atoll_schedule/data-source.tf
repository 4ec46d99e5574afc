data "atoll_schedule" "report" {
  workspace = "fraud"
  name      = "report"
}

output "report_next_run" {
  value = data.atoll_schedule.report.next_run
}

output "report_failures" {
  value = [for run in data.atoll_schedule.report.runs : "${run.name}: ${run.reason}" if run.phase == "Failed"]
}
