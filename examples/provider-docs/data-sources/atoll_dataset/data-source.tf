data "atoll_dataset" "payments" {
  name = "payments"
}

output "payments_class" {
  value = "${data.atoll_dataset.payments.effective_classification}, because of ${data.atoll_dataset.payments.classified_by}"
}
