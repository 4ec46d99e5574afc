package cmd

import (
	"strings"
	"testing"
)

func TestAWSFlags(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	on := []string{
		"--aws-platform=reef", "--aws-cluster-arn=arn:aws:eks:eu-central-1:123456789012:cluster/reef",
		"--aws-grants-boundary-arn=arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"tables without a cluster":  {[]string{"--aws-lake-formation-catalog=lake"}, "--aws-cluster-arn must be set too"},
		"objects without a cluster": {[]string{"--aws-access-grants-bucket=reef-data"}, "--aws-cluster-arn must be set too"},
		"a catalog of no name":      {append(on[:3:3], "--aws-lake-formation-catalog=Lake"), "such as lake"},
		"a bucket of no name":       {append(on[:3:3], "--aws-access-grants-bucket=s3://data"), "such as reef-data"},
		"nothing to give":           {[]string{"--credentials-bind-address=:8090"}, "or --aws-lake-formation-catalog"},
		"no boundary":               {on[:2], "arn:aws:iam::123456789012:policy"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := newManager()
			cmd.SetArgs(tt.args)
			cmd.SilenceUsage, cmd.SilenceErrors = true, true
			if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAWSFlagsMakeTargets(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	o := &managerOptions{}
	o.aws.Platform, o.aws.ClusterARN = "reef", "arn:aws:eks:eu-central-1:123456789012:cluster/reef"
	o.aws.BoundaryARN = "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary"
	o.leases.tables.Catalog, o.leases.objects.Bucket = "lake", "reef-data"
	if err := o.completeAWS(t.Context()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range o.Leases {
		names = append(names, string(l.Name()))
	}
	var kinds []string
	for _, l := range o.leases.open {
		kinds = append(kinds, l.Kind())
	}
	if got := strings.Join(kinds, " "); got != "tables objects" {
		t.Errorf("pods take leases on of %s", got)
	}
	if got := strings.Join(names, " "); got != "LakeFormation AccessGrants" || o.aws.HandedOut != "reef-data" {
		t.Errorf("targets are %s, handed out is %q", got, o.aws.HandedOut)
	}
}
