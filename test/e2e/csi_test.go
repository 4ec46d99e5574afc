package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// The driver of test/cluster/csi, and the classes that name it.
const (
	csiDriver     = "csi.cluster.atoll.dev"
	storageClass  = "snapshots"
	snapshotClass = "snapshots"
)

// storage is a CSI driver that takes snapshots, running beside the cluster.
type storage struct{ root string }

// folders are the volumes or the snapshots that the driver keeps.
func (s storage) folders(t testing.TB, kind string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.root, kind, "*"))
	require.NoError(t, err)
	return found
}

// withStorage gives the cluster storage that takes snapshots: the kinds, the driver, and the sidecars of the Kubernetes
// project that drive it. They end with the test.
func (p *platform) withStorage(t testing.TB) storage {
	t.Helper()
	run := filepath.Dir(p.kubeconfig)
	s := storage{root: filepath.Join(run, "csi")}
	kubelet := filepath.Join(run, "kubelet")
	p.kubectl(t, "apply", "--server-side", "-f", p.bin("csi/crds"))
	p.kubectl(t, "wait", "--for=condition=Established", "--timeout=1m", "-f", p.bin("csi/crds"))

	var nodes corev1.NodeList
	c := p.client(t)
	require.NoError(t, c.List(t.Context(), &nodes))
	require.Len(t, nodes.Items, 1)
	p.beside(t, "csi/cluster-csi", "--root="+s.root, "--node="+nodes.Items[0].Name, "--kubelet="+kubelet)
	address := "--csi-address=" + filepath.Join(kubelet, "plugins", csiDriver, "csi.sock")
	p.beside(t, "csi/csi-provisioner", "--kubeconfig="+p.kubeconfig, address)
	// What failed is tried again, and removed, after up to five minutes by default.
	const again = "--retry-interval-max=5s"
	p.beside(t, "csi/csi-snapshotter", "--kubeconfig="+p.kubeconfig, address, again)
	p.beside(t, "csi/snapshot-controller", "--kubeconfig="+p.kubeconfig, again)

	for _, object := range []client.Object{
		&storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: csiDriver}, Spec: storagev1.CSIDriverSpec{
			AttachRequired: ptr.To(false), FSGroupPolicy: ptr.To(storagev1.FileFSGroupPolicy),
		}},
		&storagev1.StorageClass{
			ObjectMeta: metav1.ObjectMeta{Name: storageClass}, Provisioner: csiDriver,
			VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
		},
	} {
		require.NoError(t, client.IgnoreAlreadyExists(c.Create(t.Context(), object)))
	}
	require.NoError(t, client.IgnoreAlreadyExists(c.Create(t.Context(), classOfSnapshots(nil))))
	return s
}

// classOfSnapshots is the driver's; it knows no parameters and refuses a snapshot with any.
func classOfSnapshots(parameters map[string]any) *unstructured.Unstructured {
	class := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass",
		"metadata": map[string]any{"name": snapshotClass}, "driver": csiDriver, "deletionPolicy": "Delete",
	}}
	if parameters != nil {
		class.Object["parameters"] = parameters
	}
	return class
}

// beside runs a program next to the cluster until the test ends. Should the test be killed, taking the cluster down ends
// it: the mark in its environment says whose it is.
func (p *platform) beside(t testing.TB, program string, args ...string) {
	t.Helper()
	file := p.path(filepath.Join("build", "e2e", p.name, filepath.Base(program)+".log"))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	log, err := os.Create(file)
	require.NoError(t, err)
	command := exec.Command(p.bin(program), args...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "ATOLL_CLUSTER_FOLDER="+filepath.Dir(p.kubeconfig))
	require.NoError(t, command.Start())
	var outcome error
	done := make(chan struct{})
	go func() {
		outcome = command.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		select {
		case <-done:
			t.Errorf("%s ended by itself: %v; see %s", program, outcome, file)
		default:
			require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				require.NoError(t, command.Process.Kill())
				<-done
			}
		}
		require.NoError(t, log.Close())
	})
}

// snapshotsIn are the VolumeSnapshots of a workspace, by whether they can be restored from.
func (p *platform) snapshotsIn(t testing.TB, workspace string) (ready, others []unstructured.Unstructured) {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion("snapshot.storage.k8s.io/v1")
	list.SetKind("VolumeSnapshotList")
	require.NoError(t, p.client(t).List(t.Context(), list, client.InNamespace(v1alpha1.WorkspaceNamespacePrefix+workspace)))
	for _, one := range list.Items {
		if usable, _, _ := unstructured.NestedBool(one.Object, "status", "readyToUse"); usable {
			ready = append(ready, one)
		} else {
			others = append(others, one)
		}
	}
	return ready, others
}
