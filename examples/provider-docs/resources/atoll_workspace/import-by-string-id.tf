import {
  to = atoll_workspace.fraud
  id = "fraud"
}
