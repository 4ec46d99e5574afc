# What the cluster needs beside the add-ons' own: the class of people's homes.

locals {
  storage_class = {
    apiVersion  = "storage.k8s.io/v1"
    kind        = "StorageClass"
    metadata    = { name = local.homes_class, labels = { "app.kubernetes.io/part-of" = "atoll" } }
    provisioner = "efs.csi.aws.com"
    # Homes outlive their claims: whoever wants one gone removes it themselves.
    reclaimPolicy        = "Retain"
    volumeBindingMode    = "Immediate"
    allowVolumeExpansion = true
    mountOptions         = ["tls"]
    parameters = {
      provisioningMode      = "efs-ap"
      fileSystemId          = module.storage.homes_file_system_id
      directoryPerms        = "0700"
      basePath              = "/homes"
      ensureUniqueDirectory = "true"
      subPathPattern        = "$${.PVC.namespace}/$${.PVC.name}"
      uid                   = "1000"
      gid                   = "100"
    }
  }
}
