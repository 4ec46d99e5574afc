# A data grant is imported by its name.
terraform import atoll_data_grant.analysts_payments analysts-payments-2027w09
