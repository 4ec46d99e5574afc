# A workspace is imported by its name.
terraform import atoll_workspace.fraud fraud
