package guard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func planOf(changes ...string) []byte {
	return fmt.Appendf(nil, `{"format_version": "1.2", "resource_changes": [%s]}`, strings.Join(changes, ","))
}

func changeOf(address, rest string) string {
	kind, _, _ := strings.Cut(address, ".")
	return fmt.Sprintf(`{"address": %q, "mode": "managed", "type": %q, "change": {%s}}`, address, kind, rest)
}

func TestCheck(t *testing.T) {
	const replace = `"actions": ["delete", "create"], "before": {}, "after": {}`
	tests := map[string]struct {
		change string
		want   []string
	}{
		"nothing changes":           {changeOf("aws_vpc.this", `"actions": ["no-op"], "before": {}, "after": {}`), nil},
		"something new":             {changeOf("aws_vpc.this", `"actions": ["create"], "before": null, "after": {}`), nil},
		"something of no matter":    {changeOf("aws_route.x", replace), nil},
		"the network replaced":      {changeOf("aws_vpc.this", replace+`, "replace_paths": [["cidr_block"]]`), []string{"aws_vpc.this: it would be replaced, because of cidr_block; it is the network"}},
		"create before destroy":     {changeOf("aws_subnet.x", `"actions": ["create", "delete"], "before": {}, "after": {}`), []string{"aws_subnet.x: it would be replaced; it is the network"}},
		"the cluster replaced":      {changeOf("aws_eks_cluster.this", replace+`, "replace_paths": [["vpc_config", 0, "subnet_ids"]]`), []string{"aws_eks_cluster.this: it would be replaced, because of vpc_config[0].subnet_ids; it is the cluster"}},
		"homes deleted":             {changeOf("aws_efs_file_system.homes", `"actions": ["delete"], "before": {}, "after": null`), []string{"aws_efs_file_system.homes: it would be deleted; it is people's homes"}},
		"the database":              {changeOf("aws_db_instance.this", replace), []string{"aws_db_instance.this: it would be replaced; it is the database"}},
		"forgotten, not deleted":    {changeOf("aws_db_instance.this", `"actions": ["forget"], "before": {}, "after": null`), nil},
		"protection taken away":     {changeOf("aws_db_instance.this", `"actions": ["update"], "before": {"deletion_protection": true, "backup_retention_period": 14}, "after": {"deletion_protection": false, "backup_retention_period": 0}`), []string{"aws_db_instance.this: its protection would go: backup_retention_period from 14 to 0; it is the database", "aws_db_instance.this: its protection would go: deletion_protection from true to false; it is the database"}},
		"never protected":           {changeOf("aws_db_instance.this", `"actions": ["create"], "before": null, "after": {"deletion_protection": false}`), nil},
		"a bucket that empties":     {changeOf("aws_s3_bucket.data", `"actions": ["update"], "before": {"force_destroy": false}, "after": {"force_destroy": true}`), []string{"aws_s3_bucket.data: its protection would go: force_destroy from false to true; it is data"}},
		"a workspace that keeps":    {changeOf("atoll_workspace.fraud", `"actions": ["delete"], "before": {"deletion_policy": "Retain"}, "after": null`), nil},
		"a workspace that does not": {changeOf("atoll_workspace.fraud", `"actions": ["delete"], "before": {"deletion_policy": "Delete"}, "after": null`), []string{"atoll_workspace.fraud: it would be deleted; it is people's homes in the workspace"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := Check(planOf(tt.change), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllowed(t *testing.T) {
	data := planOf(changeOf("aws_vpc.this", `"actions": ["delete"], "before": {}, "after": null`), changeOf("aws_subnet.x", `"actions": ["delete"], "before": {}, "after": null`))
	found, err := Check(data, []string{"aws_vpc.this"})
	if err != nil || len(found) != 1 || found[0].Address != "aws_subnet.x" {
		t.Errorf("found %v, error %v; want the subnet alone", found, err)
	}
	if _, err := Check(data, []string{"aws_vpc.other"}); err == nil || !strings.Contains(err.Error(), "would not lose aws_vpc.other") {
		t.Errorf("error is %v, want one that names what is not lost", err)
	}
}

func TestUnreadable(t *testing.T) {
	for data, want := range map[string]string{
		"Plan: 1 to add":            "make it with `terraform show -json tfplan`",
		"{}":                        `its format is ""`,
		`{"format_version": "2.0"}`: `its format is "2.0"`,
		`{"format_version": "1.2", "errored": true}`: "it ended with an error",
	} {
		if _, err := Check([]byte(data), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", data, err, want)
		}
	}
}
