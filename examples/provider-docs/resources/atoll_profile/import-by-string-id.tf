import {
  to = atoll_profile.python
  id = "python"
}
