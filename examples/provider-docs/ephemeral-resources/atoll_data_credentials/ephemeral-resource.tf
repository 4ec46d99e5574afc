ephemeral "atoll_data_credentials" "rates" {
  person  = "etl-fraud"
  dataset = "rates"
}

# A program that finds its credentials where AWS' command line and SDKs look for them.
resource "terraform_data" "rates" {
  provisioner "local-exec" {
    command = "aws s3 cp s3://rates/2027/01.csv ."
    environment = {
      AWS_ACCESS_KEY_ID     = ephemeral.atoll_data_credentials.rates.access_key_id
      AWS_SECRET_ACCESS_KEY = ephemeral.atoll_data_credentials.rates.secret_access_key
      AWS_ENDPOINT_URL      = ephemeral.atoll_data_credentials.rates.endpoint
      AWS_REGION            = ephemeral.atoll_data_credentials.rates.region
    }
  }
}
