import {
  to = atoll_data_grant.analysts_payments
  id = "analysts-payments-2027w09"
}
