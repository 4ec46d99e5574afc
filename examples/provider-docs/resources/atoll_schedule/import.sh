# A schedule is imported by its workspace and name.
terraform import atoll_schedule.report fraud/report
