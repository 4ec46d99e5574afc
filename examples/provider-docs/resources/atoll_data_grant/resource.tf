# Analysts see payments of two countries for a week, with accounts hashed.
resource "atoll_data_grant" "analysts_payments" {
  name    = "analysts-payments-2027w09"
  subject = { kind = "Group", name = "analysts" }
  dataset = atoll_dataset.payments.name
  selector = {
    columns = ["amount", "country", "iban"]
    masks   = [{ column = "iban", kind = "Hash" }]
    rows    = [{ column = "country", values = ["BE", "NL"] }]
  }
  actions      = ["Select"]
  not_before   = "2027-03-01T08:00:00Z"
  not_after    = "2027-03-08T08:00:00Z"
  ceiling      = "C3"
  purpose      = "Weekly report on payments, ticket RISK-123"
  requested_by = "bob"
  approved_by  = ["olga"]
}

# Ended before its time, and kept for the record.
resource "atoll_data_grant" "bob_exports" {
  name         = "bob-exports"
  subject      = { kind = "User", name = "bob" }
  dataset      = atoll_dataset.exports.name
  selector     = { prefix = "2027/" }
  actions      = ["Read", "List"]
  not_before   = "2027-03-01T08:00:00Z"
  not_after    = "2027-03-31T08:00:00Z"
  ceiling      = "C3"
  purpose      = "Reconciliation of the first quarter"
  requested_by = "bob"
  approved_by  = ["olga"]
  revocation   = { by = "olga", reason = "The reconciliation is done." }
}
