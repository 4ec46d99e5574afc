import {
  to = atoll_schedule.report
  id = "fraud/report"
}
