package rules

import "fmt"

func buckets(resources []Resource) []string {
	var out []string
	for _, bucket := range resources {
		if bucket.Type != "aws_s3_bucket" {
			continue
		}
		for kind, wrong := range map[string]func(Resource) string{
			"aws_s3_bucket_server_side_encryption_configuration": encrypted,
			"aws_s3_bucket_public_access_block":                  private,
			"aws_s3_bucket_versioning":                           versioned,
			"aws_s3_bucket_policy":                               tlsOnly,
		} {
			found := false
			for _, r := range resources {
				if r.Type == kind && r.text("bucket") == bucket.text("bucket") {
					found = true
					if problem := wrong(r); problem != "" {
						out = append(out, r.Address+": "+problem)
					}
				}
			}
			if !found {
				out = append(out, fmt.Sprintf("%s: it has no %s", bucket.Address, kind))
			}
		}
	}
	return out
}

func encrypted(r Resource) string {
	switch first(r.first("rule"), "apply_server_side_encryption_by_default")["sse_algorithm"] {
	case "aws:kms", "AES256":
		return ""
	}
	return "it does not encrypt"
}

func private(r Resource) string {
	for _, name := range []string{"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"} {
		if r.Values[name] != true {
			return name + " is not true"
		}
	}
	return ""
}

func versioned(r Resource) string {
	if r.first("versioning_configuration")["status"] != "Enabled" {
		return "old versions are not kept"
	}
	return ""
}

func tlsOnly(r Resource) string {
	list, err := statements(r, "policy")
	if err != nil {
		return err.Error()
	}
	for _, s := range list {
		if s.Effect == "Deny" && s.Principal == "*" && s.Condition["Bool"]["aws:SecureTransport"] == "false" {
			return ""
		}
	}
	return "it can be reached without TLS"
}

func encryption(resources []Resource) []string {
	return each(resources, []string{"aws_efs_file_system", "aws_db_instance", "aws_launch_template", "aws_backup_vault", "aws_eks_cluster"}, func(r Resource) string {
		ok := false
		switch r.Type {
		case "aws_efs_file_system":
			ok = r.Values["encrypted"] == true && r.text("kms_key_id") != ""
		case "aws_db_instance":
			ok = r.Values["storage_encrypted"] == true && r.text("kms_key_id") != ""
		case "aws_launch_template":
			encrypted := first(r.first("block_device_mappings"), "ebs")["encrypted"]
			ok = encrypted == true || encrypted == "true"
		case "aws_backup_vault":
			ok = r.text("kms_key_arn") != ""
		case "aws_eks_cluster":
			ok = r.first("encryption_config") != nil
		}
		if !ok {
			return "it is not encrypted"
		}
		return ""
	})
}

func keys(resources []Resource) []string {
	return each(resources, []string{"aws_kms_key"}, func(r Resource) string {
		if r.Values["enable_key_rotation"] != true {
			return "it does not rotate"
		}
		return ""
	})
}

func logs(resources []Resource) []string {
	return each(resources, []string{"aws_cloudwatch_log_group"}, func(r Resource) string {
		days, _ := r.Values["retention_in_days"].(float64)
		if days == 0 || r.text("kms_key_id") == "" {
			return "it is kept for ever, or not encrypted"
		}
		return ""
	})
}

func metadata(resources []Resource) []string {
	return each(resources, []string{"aws_launch_template"}, func(r Resource) string {
		options := r.first("metadata_options")
		if options["http_tokens"] != "required" || options["http_put_response_hop_limit"] != 1.0 {
			return "pods reach the node's role"
		}
		return ""
	})
}
