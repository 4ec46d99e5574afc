package helm

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/atoll-platform/atoll/internal/apitest"
)

var server *apitest.Server

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) { server = s }))
}

// world is a client with a namespace of its own.
func world(t *testing.T) (*Client, kubernetes.Interface, string) {
	t.Helper()
	client, err := New(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	api, err := kubernetes.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	ns, err := api.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "helm-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return client, api, ns.Name
}

func TestApplyInstallsThenUpgrades(t *testing.T) {
	client, api, ns := world(t)
	if rel, err := client.Get(ns, "rel"); err != nil || rel != nil {
		t.Fatalf("before: release %v, error %v", rel, err)
	}
	req := Request{Name: "rel", Namespace: ns, Chart: small(t), Values: map[string]any{"extra": "one"}, Timeout: time.Minute}
	rel, err := client.Apply(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := client.Digest(req)
	if err != nil {
		t.Fatal(err)
	}
	if rel.Revision != 1 || rel.Status != Deployed || rel.Digest != digest || rel.ChartVersion != "1.2.3" || rel.AppVersion != "9" {
		t.Errorf("after installing: %+v", rel)
	}

	req.Values = map[string]any{"suffix": "two"}
	if _, err := client.Apply(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	rel, err = client.Get(ns, "rel")
	if err != nil {
		t.Fatal(err)
	}
	newDigest, err := client.Digest(req)
	if err != nil {
		t.Fatal(err)
	}
	if rel.Revision != 2 || rel.Digest != newDigest || newDigest == digest {
		t.Errorf("after upgrading: %+v", rel)
	}
	cm, err := api.CoreV1().ConfigMaps(ns).Get(t.Context(), "rel-two", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if cm.Data["extra"] != "keep" {
		t.Errorf("a value of the last revision was used again: %v", cm.Data)
	}
	if len(cm.ManagedFields) == 0 || cm.ManagedFields[0].Manager != fieldManager {
		t.Errorf("fields belong to %v", cm.ManagedFields)
	}
	if _, err := api.CoreV1().ConfigMaps(ns).Get(t.Context(), "rel-one", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("what the new revision lacks is still there: %v", err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	client, api, ns := world(t)
	for i := range maxHistory + 3 {
		req := Request{Name: "rel", Namespace: ns, Chart: small(t), Values: map[string]any{"extra": fmt.Sprint(i)}}
		if _, err := client.Apply(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	list, err := api.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != maxHistory {
		t.Errorf("%d revisions are kept, want %d", len(list.Items), maxHistory)
	}
}

func TestApplyAtOnce(t *testing.T) {
	client, _, ns := world(t)
	chart := small(t)
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			req := Request{Name: fmt.Sprintf("rel%d", i), Namespace: ns, Chart: chart, Values: map[string]any{"extra": fmt.Sprint(i)}}
			if _, err := client.Apply(t.Context(), req); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestUnlock(t *testing.T) {
	client, _, ns := world(t)
	req := Request{Name: "rel", Namespace: ns, Chart: small(t)}
	if _, err := client.Apply(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	cfg, err := client.configuration(ns)
	if err != nil {
		t.Fatal(err)
	}
	last, err := cfg.Releases.Last("rel")
	if err != nil {
		t.Fatal(err)
	}
	last.SetStatus(release.StatusPendingInstall, "killed here")
	if err := cfg.Releases.Update(last); err != nil {
		t.Fatal(err)
	}
	if rel, err := client.Get(ns, "rel"); err != nil || rel.Status != Pending {
		t.Fatalf("release %+v, error %v", rel, err)
	}
	if _, err := client.Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "another operation") {
		t.Errorf("a pending release was changed: %v", err)
	}
	if err := client.Unlock(ns, "rel"); err != nil {
		t.Fatal(err)
	}
	rel, err := client.Apply(t.Context(), req)
	if err != nil || rel.Status != Deployed || rel.Revision != 2 {
		t.Errorf("after unlocking: release %+v, error %v", rel, err)
	}
}

func TestUninstallKeepsData(t *testing.T) {
	client, api, ns := world(t)
	req := Request{Name: "rel", Namespace: ns, Chart: small(t)}
	if _, err := client.Apply(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if err := client.Uninstall(t.Context(), ns, "rel", time.Minute); err != nil {
		t.Fatal(err)
	}
	if rel, err := client.Get(ns, "rel"); err != nil || rel != nil {
		t.Errorf("release %+v, error %v", rel, err)
	}
	if _, err := api.CoreV1().ConfigMaps(ns).Get(t.Context(), "rel-one", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the config map is still there: %v", err)
	}
	claim, err := api.CoreV1().PersistentVolumeClaims(ns).Get(t.Context(), "rel", metav1.GetOptions{})
	if err != nil || claim.DeletionTimestamp != nil {
		t.Errorf("the volume claim is going: %v, %v", claim, err)
	}
	if err := client.Uninstall(t.Context(), ns, "rel", time.Minute); err != nil {
		t.Errorf("uninstalling nothing: %v", err)
	}
	if rel, err := client.Apply(t.Context(), req); err != nil || rel.Revision != 1 {
		t.Errorf("installing over kept data: release %+v, error %v", rel, err)
	}
}

func TestApplyLeavesOthersObjectsAlone(t *testing.T) {
	client, api, ns := world(t)
	_, err := api.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "rel-one"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Apply(t.Context(), Request{Name: "rel", Namespace: ns, Chart: small(t)})
	if err == nil || !strings.Contains(err.Error(), "belongs to somebody else") || !strings.Contains(err.Error(), "rel-one") {
		t.Errorf("error is %v", err)
	}
}
