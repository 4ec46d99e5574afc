package component

import (
	"strings"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Services of AWS that hand data out, as the charts name them.
const (
	leasesOfTables  = "tables"
	leasesOfObjects = "objects"
)

// onAWS tells why a platform does without an object store of its own.
func onAWS(spec v1alpha1.PlatformSpec) string {
	if spec.AWS != nil {
		return "aws is set: S3 is the object store"
	}
	return ""
}

// awsRegion is that of the cluster.
func awsRegion(a *v1alpha1.AWS) string {
	if part := strings.Split(a.ClusterARN, ":"); len(part) > 3 {
		return part[3]
	}
	return "" // Validation has refused it.
}

// operatorOnAWS has the operator enforce grants by AWS, with its own role in place of the accounts of an object store. Homes are backed up by
// AWS Backup.
func operatorOnAWS(in Inputs) map[string]any {
	a := in.Platform.Spec.AWS
	egress := []any{}
	for _, e := range a.Egress {
		egress = append(egress, e)
	}
	return map[string]any{
		"objectStore": map[string]any{"endpoint": "", "iamEndpoint": "", "region": awsRegion(a), "credentialsSecret": ""},
		"credentials": map[string]any{"enabled": false},
		"backup":      map[string]any{"enabled": false},
		"aws": map[string]any{
			"platform":             in.Platform.Name,
			"clusterARN":           a.ClusterARN,
			"boundaryARN":          a.GrantsBoundaryARN,
			"encrypted":            a.DataEncryption == v1alpha1.EncryptionKMS,
			"lakeFormationCatalog": a.LakeFormationCatalog,
			"accessGrantsBucket":   a.AccessGrantsBucket,
			"egress":               egress,
		},
	}
}

// hubOnAWS has servers find what AWS hands out; credentials of the person's own role are there without.
func hubOnAWS(a *v1alpha1.AWS) map[string]any {
	leases := []any{}
	if a.LakeFormationCatalog != "" {
		leases = append(leases, leasesOfTables)
	}
	if a.AccessGrantsBucket != "" {
		leases = append(leases, leasesOfObjects)
	}
	return map[string]any{"dataAccess": map[string]any{"enabled": false, "endpoint": "", "region": awsRegion(a), "leases": leases}}
}
