import {
  to = atoll_dataset.payments
  id = "payments"
}
