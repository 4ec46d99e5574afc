resource "atoll_dataset" "payments" {
  name           = "payments"
  location       = { table = { catalog = "lake", schema = "risk", table = "payments" } }
  owner          = "olga"
  description    = "Payments of all retail customers, one row a payment."
  classification = "C2"
  columns = [
    { name = "amount" },
    { name = "country" },
    { name = "iban", classification = "C3", description = "Account of the payer." },
  ]
}

resource "atoll_dataset" "exports" {
  name             = "exports"
  location         = { object_prefix = { bucket = "lake", prefix = "exports/" } }
  owner            = "olga"
  classification   = "C1"
  derived_from     = [atoll_dataset.payments.name] # so it counts as C3
  conflict_classes = [{ name = "merger-2027", side = "buyer" }]
}
