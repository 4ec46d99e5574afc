output "next_three" {
  value = provider::atoll::cron_next("30 6 * * 1-5", "Europe/Amsterdam", "2026-01-01T00:00:00Z", 3)
}
