data "atoll_data_grant" "analysts_payments" {
  name = "analysts-payments-2027w09"
}

output "analysts_payments" {
  value = data.atoll_data_grant.analysts_payments.phase
}
