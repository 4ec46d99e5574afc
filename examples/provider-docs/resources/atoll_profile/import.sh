# A profile is imported by its name.
terraform import atoll_profile.python python
