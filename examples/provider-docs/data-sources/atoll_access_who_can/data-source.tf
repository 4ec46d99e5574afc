data "atoll_access_who_can" "iban" {
  dataset = "payments"
  column  = "iban"
  at      = "2027-03-02T12:00:00Z"
}

# A check that fails when somebody outside of the list could read accounts, or when that is not known.
check "readers_of_accounts" {
  assert {
    condition = data.atoll_access_who_can.iban.complete && alltrue([
      for a in data.atoll_access_who_can.iban.access : contains(["bob", "carol"], a.person)
    ])
    error_message = "Others could read accounts, or it is not known."
  }
}
