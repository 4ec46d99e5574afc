package modules_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/test/modules/rules"
)

// TestPlatformYAML gives the platform.yaml of each example to `atoll check`, against an API server with the nodes and
// the StorageClasses that the same example plans.
func TestPlatformYAML(t *testing.T) {
	server, err := apitest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	client, err := kubernetes.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range awsExamples {
		t.Run(example.path, func(t *testing.T) {
			emptied(t, client)
			p := applied(t, example)
			resources, err := rules.Parse([]byte(p.planJSON))
			if err != nil {
				t.Fatal(err)
			}
			join(t, client, resources)
			class := &storagev1.StorageClass{}
			if err := yaml.UnmarshalStrict([]byte(p.output(t, "storage_class_yaml")), class); err != nil {
				t.Fatalf("the StorageClass of homes: %v", err)
			}
			for _, c := range []*storagev1.StorageClass{class, defaultClass()} {
				if _, err := client.StorageV1().StorageClasses().Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
					t.Fatalf("the StorageClass %s: %v", c.Name, err)
				}
			}

			dir := t.TempDir()
			kubeconfig, file := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "platform.yaml")
			if err := os.WriteFile(kubeconfig, server.Kubeconfig, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(p.output(t, "platform_yaml")), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "atoll"), "check", "-f", file, "--kubeconfig", kubeconfig).CombinedOutput()
			if err != nil || !strings.Contains(string(out), " 0 failed, 0 skipped") {
				t.Errorf("atoll check: %v\n%s", err, out)
			}
			t.Logf("atoll check:\n%s", out)
		})
	}
}

// emptied takes the nodes and classes of the example before away.
func emptied(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	all := metav1.ListOptions{}
	if err := client.CoreV1().Nodes().DeleteCollection(t.Context(), metav1.DeleteOptions{}, all); err != nil {
		t.Fatal(err)
	}
	if err := client.StorageV1().StorageClasses().DeleteCollection(t.Context(), metav1.DeleteOptions{}, all); err != nil {
		t.Fatal(err)
	}
}

// output is one output of the example as it is.
func (p *platform) output(t *testing.T, name string) string {
	t.Helper()
	f := p.folder
	f.t = t
	return f.must("output", "-raw", name)
}

// sizes are what pods find free on a node of a type.
var sizes = map[string]corev1.ResourceList{
	"m7i.large":  room("1930m", "6800Mi"),
	"t3.large":   room("1930m", "6800Mi"),
	"r7i.large":  room("1930m", "14400Mi"),
	"m7i.xlarge": room("3920m", "14300Mi"),
}

func room(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// join makes the nodes that the node groups begin with.
func join(t *testing.T, client kubernetes.Interface, resources []rules.Resource) {
	t.Helper()
	for _, r := range resources {
		if r.Type != "aws_eks_node_group" {
			continue
		}
		var group struct {
			Labels map[string]string `json:"labels"`
			Taints []struct {
				Key   string `json:"key"`
				Value string `json:"value"`
			} `json:"taint"`
			Scaling []struct {
				Min int `json:"min_size"`
			} `json:"scaling_config"`
			Types []string `json:"instance_types"`
		}
		data, err := json.Marshal(r.Values)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &group); err != nil {
			t.Fatal(err)
		}
		for range group.Scaling[0].Min {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "node-", Labels: group.Labels}}
			for _, taint := range group.Taints {
				node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: taint.Key, Value: taint.Value, Effect: corev1.TaintEffectNoSchedule})
			}
			made, err := client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			free, ok := sizes[group.Types[0]]
			if !ok {
				t.Fatalf("the size of %s is not known to the test", group.Types[0])
			}
			made.Status = corev1.NodeStatus{
				Capacity: free, Allocatable: free,
				Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
			}
			if _, err := client.CoreV1().Nodes().UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// defaultClass is the one that the EBS driver's add-on makes.
func defaultClass() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: "ebs-csi-default-sc", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: "ebs.csi.aws.com",
	}
}
