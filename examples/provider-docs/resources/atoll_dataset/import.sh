# A dataset is imported by its name.
terraform import atoll_dataset.payments payments
