package component

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func onReef(change func(*v1alpha1.AWS)) func(*v1alpha1.PlatformSpec) {
	return func(s *v1alpha1.PlatformSpec) {
		s.AWS = &v1alpha1.AWS{
			ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef", GrantsBoundaryARN: "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
			DataEncryption: v1alpha1.EncryptionKMS,
		}
		change(s.AWS)
	}
}

func TestGrantsOnAWS(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*v1alpha1.AWS)
		aws    map[string]any // what the operator is told besides
		leases []any
	}{
		"roles alone": {func(*v1alpha1.AWS) {}, map[string]any{}, []any{}},
		"all of it": {
			func(a *v1alpha1.AWS) {
				a.LakeFormationCatalog, a.AccessGrantsBucket, a.DataEncryption, a.Egress = "lake", "reef-data", v1alpha1.EncryptionS3, []string{"52.219.0.0/20:443"}
			},
			map[string]any{"lakeFormationCatalog": "lake", "accessGrantsBucket": "reef-data", "encrypted": false, "egress": []any{"52.219.0.0/20:443"}},
			[]any{"tables", "objects"},
		},
		"objects alone": {
			func(a *v1alpha1.AWS) { a.AccessGrantsBucket = "reef-data" },
			map[string]any{"accessGrantsBucket": "reef-data"},
			[]any{"objects"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputs(onReef(tt.change))
			operator, err := find(t, "operator").ValuesFor(in)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{
				"platform": "demo", "clusterARN": "arn:aws:eks:eu-central-1:123456789012:cluster/reef",
				"boundaryARN": "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary", "encrypted": true,
				"lakeFormationCatalog": "", "accessGrantsBucket": "", "egress": []any{},
			}
			for k, v := range tt.aws {
				want[k] = v
			}
			if diff := cmp.Diff(want, operator["aws"]); diff != "" {
				t.Errorf("the operator is told otherwise (-want +got):\n%s", diff)
			}
			store := map[string]any{"endpoint": "", "iamEndpoint": "", "region": "eu-central-1", "credentialsSecret": ""}
			off := map[string]any{"enabled": false}
			if diff := cmp.Diff([]any{store, off, off}, []any{operator["objectStore"], operator["credentials"], operator["backup"]}); diff != "" {
				t.Errorf("the object store is another one (-want +got):\n%s", diff)
			}
			hub, err := find(t, "hub").ValuesFor(in)
			if err != nil {
				t.Fatal(err)
			}
			access := map[string]any{"enabled": false, "endpoint": "", "region": "eu-central-1", "leases": tt.leases}
			if diff := cmp.Diff(access, hub["dataAccess"]); diff != "" {
				t.Errorf("servers find something else (-want +got):\n%s", diff)
			}
			if why := find(t, "objectstore").Disabled(in.Platform.Spec); why == "" {
				t.Error("there is an object store beside S3")
			}
		})
	}
}

func TestElsewhereThanOnAWS(t *testing.T) {
	in := inputs(nil)
	for _, name := range []string{"operator", "hub"} {
		values, err := find(t, name).ValuesFor(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"aws", "objectStore", "dataAccess", "credentials"} {
			if _, there := values[key]; there {
				t.Errorf("%s is told of %s: %v", name, key, values[key])
			}
		}
	}
	if why := find(t, "objectstore").Disabled(in.Platform.Spec); why != "" {
		t.Errorf("there is no object store: %s", why)
	}
}
