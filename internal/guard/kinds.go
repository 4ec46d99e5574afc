package guard

// kind is something that must not be lost.
type kind struct {
	// what it is to people.
	what string
	// protections are attributes and the values that take a protection away.
	protections map[string]any
	// keeps tells, for what the platform keeps by itself when it is deleted, whether this one is kept.
	keeps func(before map[string]any) bool
}

// kinds are the types of resources that are guarded. A new one is one line.
var kinds = map[string]kind{
	"aws_vpc":                             {what: "the network"},
	"aws_subnet":                          {what: "the network"},
	"aws_eks_cluster":                     {what: "the cluster", protections: map[string]any{"deletion_protection": false}},
	"aws_efs_file_system":                 {what: "people's homes"},
	"aws_efs_mount_target":                {what: "the way to people's homes"},
	"aws_db_instance":                     {what: "the database", protections: database},
	"aws_rds_cluster":                     {what: "the database", protections: database},
	"aws_db_subnet_group":                 {what: "the database's network"},
	"aws_s3_bucket":                       {what: "data", protections: map[string]any{"force_destroy": true}},
	"aws_s3_bucket_versioning":            {what: "old versions of data"},
	"aws_s3_bucket_public_access_block":   {what: "what keeps data private"},
	"aws_kms_key":                         {what: "a key, and all that is encrypted with it", protections: map[string]any{"enable_key_rotation": false, "is_enabled": false}},
	"aws_backup_vault":                    {what: "backups", protections: map[string]any{"force_destroy": true}},
	"aws_backup_vault_lock_configuration": {what: "what keeps backups from being deleted early"},
	"aws_backup_plan":                     {what: "the making of backups"},
	"aws_backup_selection":                {what: "the making of backups"},
	"aws_cloudtrail":                      {what: "the trail of who read what", protections: map[string]any{"enable_logging": false}},
	"atoll_workspace":                     {what: "people's homes in the workspace", keeps: keepsHomes},
}

var database = map[string]any{
	"deletion_protection": false, "skip_final_snapshot": true, "backup_retention_period": 0.0, "storage_encrypted": false,
}

// keepsHomes tells whether a workspace leaves its homes behind, which is what it does unless told otherwise.
func keepsHomes(before map[string]any) bool {
	return before["deletion_policy"] != "Delete"
}
