package platform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

var known = []string{"batch", "hub", "identity", "metrics", "objectstore", "operator", "postgresql"}

const header = "apiVersion: atoll.dev/v1alpha1\nkind: Platform\nmetadata:\n  name: demo\n"

const local = header + "spec:\n  access:\n    type: NodePort\n"

const aws = local + "  aws:\n    clusterARN: arn:aws:eks:eu-central-1:123456789012:cluster/reef\n" +
	"    grantsBoundaryARN: arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary\n"

func TestParseOnAWS(t *testing.T) {
	p, err := Parse("platform.yaml", []byte(aws+"    lakeFormationCatalog: lake\n    accessGrantsBucket: reef-data\n    egress: [52.219.0.0/20:443]\n"), known)
	if err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.AWS{
		ClusterARN: "arn:aws:eks:eu-central-1:123456789012:cluster/reef", GrantsBoundaryARN: "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary",
		DataEncryption: v1alpha1.EncryptionKMS, LakeFormationCatalog: "lake", AccessGrantsBucket: "reef-data", Egress: []string{"52.219.0.0/20:443"},
	}
	if diff := cmp.Diff(want, p.Spec.AWS); diff != "" {
		t.Errorf("aws differs (-want +got):\n%s", diff)
	}
}

func TestParseFillsInDefaults(t *testing.T) {
	p, err := Parse("platform.yaml", []byte(local), known)
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.PlatformSpec{
		Placement:    v1alpha1.PlacementRequired,
		Availability: v1alpha1.AvailabilityHigh,
		Images:       v1alpha1.Images{Registry: "docker.io/atoll"},
		Access:       v1alpha1.Access{Type: v1alpha1.AccessNodePort},
		Identity: v1alpha1.Identity{
			ClientID:      "atoll-hub",
			UsernameClaim: "preferred_username",
			GroupsClaim:   "groups",
			Scopes:        []string{"openid", "profile", "email"},
		},
	}
	if diff := cmp.Diff(want, p.Spec); diff != "" {
		t.Errorf("spec differs (-want +got):\n%s", diff)
	}
	if p.Name != "demo" {
		t.Errorf("name is %q", p.Name)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want []string // all must be in the error
	}{
		"another kind": {
			yaml: strings.Replace(local, "kind: Platform", "kind: Plattform", 1),
			want: []string{"platform.yaml:2", "kind", `"Platform"`},
		},
		"another version": {
			yaml: strings.Replace(local, "v1alpha1", "v1", 1),
			want: []string{"platform.yaml:1", "apiVersion", `"atoll.dev/v1alpha1"`},
		},
		"no name": {
			yaml: strings.Replace(local, "  name: demo\n", "  {}\n", 1),
			want: []string{"metadata.name", "Required"},
		},
		"a name with capitals": {
			yaml: strings.Replace(local, "demo", "Demo_1", 1),
			want: []string{"platform.yaml:4", "metadata.name", "1 to 30 lower-case letters"},
		},
		"a misspelt field": {
			yaml: local + "  placment: Relaxed\n",
			want: []string{"platform.yaml:8", "spec.placment", "did you mean placement?", "allowed: access, availability"},
		},
		"a misspelt field in a list": {
			yaml: local + "  components:\n  - name: hub\n    vlaues: {}\n",
			want: []string{"platform.yaml:10", "spec.components[0].vlaues", "did you mean values?"},
		},
		"a label, which nothing reads": {
			yaml: strings.Replace(local, "  name: demo\n", "  name: demo\n  labels: {a: b}\n", 1),
			want: []string{"platform.yaml:5", "metadata.labels", "no such field"},
		},
		"a value outside an enumeration": {
			yaml: local + "  placement: relaxed\n",
			want: []string{"platform.yaml:8", "spec.placement", `"Relaxed"`, `"Required"`},
		},
		"another access type": {
			yaml: header + "spec:\n  access:\n    type: Ingress\n",
			want: []string{"platform.yaml:7", "spec.access.type", `"ClusterIP"`, `"LoadBalancer"`, `"NodePort"`},
		},
		"a hub URL without a scheme": {
			yaml: local + "    hubURL: hub.example.com\n",
			want: []string{"platform.yaml:8", "spec.access.hubURL", "https?://"},
		},
		"no hub URL where none can be derived": {
			yaml: header + "spec:\n  identity:\n    issuer: https://id.example.com\n",
			want: []string{"spec.access.hubURL", "required unless access.type is NodePort"},
		},
		"no way to reach the identity provider": {
			yaml: header + "spec:\n  access:\n    hubURL: https://hub.example.com\n",
			want: []string{"spec.identity.issuer", "set identity.issuer"},
		},
		"on AWS without a cluster": {
			yaml: local + "  aws:\n    lakeFormationCatalog: lake\n",
			want: []string{"platform.yaml:8", "spec.aws.clusterARN", "Required", "spec.aws.grantsBoundaryARN"},
		},
		"no ARN of a cluster": {
			yaml: strings.Replace(aws, "cluster/reef", "nodegroup/reef", 1),
			want: []string{"platform.yaml:9", "spec.aws.clusterARN", "such as arn:aws:eks:eu-central-1:123456789012:cluster/reef"},
		},
		"a boundary of AWS's own": {
			yaml: strings.Replace(aws, "iam::123456789012:", "iam::aws:", 1),
			want: []string{"platform.yaml:10", "spec.aws.grantsBoundaryARN", "such as arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary"},
		},
		"a boundary in another account": {
			yaml: strings.Replace(aws, "iam::123456789012:", "iam::210987654321:", 1),
			want: []string{"platform.yaml:10", "spec.aws.grantsBoundaryARN", "in the account of clusterARN"},
		},
		"a catalog with a table": {
			yaml: aws + "    lakeFormationCatalog: lake.sales\n",
			want: []string{"platform.yaml:11", "spec.aws.lakeFormationCatalog", "such as lake: lower-case letters"},
		},
		"a bucket by its address": {
			yaml: aws + "    accessGrantsBucket: s3://reef-data/sales\n",
			want: []string{"platform.yaml:11", "spec.aws.accessGrantsBucket", "such as reef-data, without s3://"},
		},
		"an address without a port": {
			yaml: aws + "    egress: [203.0.113.0/24]\n",
			want: []string{"platform.yaml:11", "spec.aws.egress", "such as 203.0.113.0/24:443"},
		},
		"an encryption that there is not": {
			yaml: aws + "    dataEncryption: None\n",
			want: []string{"platform.yaml:11", "spec.aws.dataEncryption", `"KMS"`, `"S3"`},
		},
		"a name that roles cannot have": {
			yaml: strings.Replace(aws, "name: demo", "name: 1demo", 1),
			want: []string{"platform.yaml:4", "metadata.name", "on AWS", "begins with a letter"},
		},
		"scopes without openid": {
			yaml: local + "  identity:\n    scopes: [profile]\n",
			want: []string{"platform.yaml:9", "spec.identity.scopes", "must contain openid"},
		},
		"the same person twice": {
			yaml: local + "  identity:\n    people:\n    - name: ada\n    - name: ada\n",
			want: []string{"platform.yaml:11", "spec.identity.people[1]", "Duplicate"},
		},
		"a person with a space in the name": {
			yaml: local + "  identity:\n    people:\n    - name: ada l\n",
			want: []string{"platform.yaml:10", "spec.identity.people[0].name", "[a-z0-9]"},
		},
		"an unknown component": {
			yaml: local + "  components:\n  - name: hubb\n",
			want: []string{"platform.yaml:9", "spec.components[0].name", "did you mean hub?", "batch, hub, identity"},
		},
		"component values that are a list": {
			yaml: local + "  components:\n  - name: hub\n    values: [1]\n",
			want: []string{"spec.components[0].values", "must be an object"},
		},
		"a chart without a digest": {
			yaml: local + "  components:\n  - name: hub\n    chart: {repo: 'https://charts.example.com', version: 1.0.0}\n",
			want: []string{"spec.components[0].chart.digest", "Required"},
		},
		"a chart over plain HTTP": {
			yaml: local + "  components:\n  - name: hub\n    chart: {repo: 'http://charts.example.com', version: 1.0.0, digest: 'sha256:" + strings.Repeat("a", 64) + "'}\n",
			want: []string{"spec.components[0].chart.repo", "^(https|oci)://"},
		},
		"a version range": {
			yaml: local + "  components:\n  - name: hub\n    chart: {repo: 'https://charts.example.com', version: '^1', digest: 'sha256:" + strings.Repeat("a", 64) + "'}\n",
			want: []string{"spec.components[0].chart.version"},
		},
		"a number where a string belongs": {
			yaml: local + "  storageClassName: 3\n",
			want: []string{"platform.yaml:8", "spec.storageClassName", "string"},
		},
		"the same key twice": {
			yaml: local + "  placement: Relaxed\n  placement: Required\n",
			want: []string{`line 9`, `"placement"`},
		},
		"two documents": {
			yaml: local + "---\n" + local,
			want: []string{"2 YAML documents"},
		},
		"an empty file": {
			yaml: "# nothing\n",
			want: []string{"0 YAML documents"},
		},
		"not YAML": {
			yaml: local + "  : - {",
			want: []string{"reading platform.yaml", "line"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("platform.yaml", []byte(tt.yaml), known)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestLoadSaysHowToWriteTheFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), known)
	if err == nil || !strings.Contains(err.Error(), "atoll init -f") {
		t.Errorf("error is %v", err)
	}
}

func TestLoadReadsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "platform.yaml")
	if err := os.WriteFile(file, []byte(local), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file, known); err != nil {
		t.Error(err)
	}
}
