package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/test/e2e/hub"
)

// snapped is the workspace whose homes are on storage that takes snapshots.
const snapped = "snapped"

// backupCopy is a line of `atoll restore home --list -o json`.
type backupCopy struct {
	ID       string
	Snapshot string
	Time     time.Time
}

// testSnapshots: homes on storage with a CSI driver are saved by VolumeSnapshots and restored from them.
func testSnapshots(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 14*time.Minute)
	defer cancel()
	s := p.withStorage(t)
	p.makeSnapped(ctx, t)
	ada := p.signIn(t, "ada")
	require.NoError(t, ada.Start(ctx, snapped, hubDefaults))

	t.Run("a notebook and a home come back", func(t *testing.T) { p.restoreFromSnapshots(ctx, t, s, ada) })
	t.Run("what fails is said, and costs no backup", func(t *testing.T) { p.failedSnapshot(ctx, t, s, ada) })
	t.Run("the last copy outlives the workspace", func(t *testing.T) { p.outlived(ctx, t, s) })
}

// makeSnapped makes the workspace. The size of its homes is none that storage has.
func (p *platform) makeSnapped(ctx context.Context, t testing.TB) {
	t.Helper()
	ws := &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: snapped}, Spec: v1alpha1.WorkspaceSpec{
		DisplayName: "Snapped", Owner: "carol", DeletionPolicy: v1alpha1.DeletionSnapshot, Profiles: []string{"python"},
		Members: []v1alpha1.Member{{Kind: v1alpha1.MemberUser, Name: "ada", Role: v1alpha1.RoleMember}},
		Quota:   v1alpha1.WorkspaceQuota{CPU: resource.MustParse("4"), Memory: resource.MustParse("8Gi"), Storage: resource.MustParse("10Gi")},
		Home:    v1alpha1.Home{Size: resource.MustParse("1500Mi"), StorageClassName: storageClass},
		Backup:  v1alpha1.Backup{Every: v1alpha1.BackupNever, Keep: 2},
		Culling: v1alpha1.Culling{IdleAfter: metav1.Duration{Duration: time.Hour}},
	}}
	require.NoError(t, p.client(t).Create(ctx, ws))
	eventually(t, time.Minute, "ada's home in "+snapped, func(ctx context.Context) (bool, error) {
		err := p.client(t).Get(ctx, client.ObjectKey{Namespace: "ws-" + snapped, Name: "home-ada"}, &corev1.PersistentVolumeClaim{})
		return err == nil, client.IgnoreNotFound(err)
	})
}

// snap backs ada's home up, and returns a moment after that backup and before the next.
func (p *platform) snap(t testing.TB) time.Time {
	t.Helper()
	started := time.Now()
	p.output(t, p.bin("atoll"), "backup", "home", snapped+"/ada", "--context", p.context())
	t.Logf("a backup by a snapshot took %s", time.Since(started).Round(time.Millisecond))
	after := time.Now().UTC()
	// Times of backups are told apart by seconds.
	time.Sleep(time.Until(after.Truncate(time.Second).Add(time.Second)))
	return after
}

func (p *platform) copies(t testing.TB) []backupCopy {
	t.Helper()
	var copies []backupCopy
	p.answer(t, &copies, p.bin("atoll"), "restore", "home", snapped+"/ada", "--list", "-o", "json", "--context", p.context())
	return copies
}

func (p *platform) restore(t testing.TB, args ...string) {
	t.Helper()
	started := time.Now()
	out := p.output(t, p.bin("atoll"), append([]string{"restore", "home", snapped + "/ada", "--context", p.context()}, args...)...)
	t.Logf("%s (%s)", strings.TrimSpace(out), time.Since(started).Round(time.Millisecond))
}

func requireText(ctx context.Context, t testing.TB, who *hub.Session, path, want string) {
	t.Helper()
	text, err := who.ReadFile(ctx, snapped, path)
	require.NoError(t, err, path)
	require.Equal(t, want, text, path)
}

func (p *platform) restoreFromSnapshots(ctx context.Context, t *testing.T, s storage, ada *hub.Session) {
	run := func(code string) {
		_, err := ada.Run(ctx, snapped, code)
		require.NoError(t, err, code)
	}
	run("import os; os.makedirs('notes', exist_ok=True); open('notes/churn.ipynb', 'w').write('first')")
	between := p.snap(t)
	run("open('notes/churn.ipynb', 'w').write('second')")
	p.snap(t)
	run("import os; os.remove('notes/churn.ipynb')")

	ready, others := p.snapshotsIn(t, snapped)
	require.Len(t, ready, 2)
	require.Empty(t, others)
	require.Len(t, s.folders(t, "snapshots"), 2, "what the driver keeps")
	var jobs batchv1.JobList
	require.NoError(t, p.client(t).List(ctx, &jobs, client.InNamespace("ws-"+snapped)))
	require.Empty(t, jobs.Items, "a home that is snapped is not copied too")
	copies := slices.DeleteFunc(p.copies(t), func(one backupCopy) bool { return one.Snapshot == "" })
	require.Len(t, copies, 2)

	p.restore(t, "--path", "notes/churn.ipynb", "--at", between.Format(time.RFC3339))
	requireText(ctx, t, ada, "notes/churn.ipynb", "first")
	run("open('written.txt', 'w').write('her home is still hers')")
	p.restore(t, "--path", "notes/churn.ipynb")
	requireText(ctx, t, ada, "notes/churn.ipynb.restored-"+copies[1].ID, "second")
	p.restore(t, "--path", ".", "--at", between.Format(time.RFC3339))
	requireText(ctx, t, ada, "restored-"+copies[0].ID+"/notes/churn.ipynb", "first")
	out, err := p.try(t, p.bin("atoll"), "restore", "home", snapped+"/ada", "--path", "notes/gone.ipynb", "--context", p.context())
	require.Error(t, err)
	require.Contains(t, out, "is not in this backup")
	took := eventually(t, 2*time.Minute, "the volumes that were made to restore from to be gone", func(context.Context) (bool, error) {
		return len(s.folders(t, "volumes")) == 1, nil
	})
	t.Logf("the volumes that were restored from are gone after %s", took)

	oldest := ready[0].GetName()
	p.snap(t)
	took = eventually(t, time.Minute, "the oldest snapshot to be gone", func(context.Context) (bool, error) {
		return len(s.folders(t, "snapshots")) == 2, nil
	})
	t.Logf("the snapshot that is one too many is gone from the storage after %s", took)
	ready, _ = p.snapshotsIn(t, snapped)
	require.Len(t, ready, 2)
	for _, one := range ready {
		require.NotEqual(t, oldest, one.GetName())
	}
}

// failedSnapshot has the driver refuse one: why is said on the home, and no good snapshot makes room for it.
func (p *platform) failedSnapshot(ctx context.Context, t *testing.T, s storage, ada *hub.Session) {
	c := p.client(t)
	reclass := func(parameters map[string]any) {
		require.NoError(t, c.Delete(ctx, classOfSnapshots(nil)))
		require.NoError(t, c.Create(ctx, classOfSnapshots(parameters)))
	}
	before, _ := p.snapshotsIn(t, snapped)
	reclass(map[string]any{"flavour": "none"})
	out, err := p.try(t, p.bin("atoll"), "backup", "home", snapped+"/ada", "--context", p.context())
	require.Error(t, err)
	require.Contains(t, out, "this driver knows none")
	var home corev1.PersistentVolumeClaim
	require.NoError(t, c.Get(ctx, client.ObjectKey{Namespace: "ws-" + snapped, Name: "home-ada"}, &home))
	require.Contains(t, home.Annotations[v1alpha1.AnnotationBackupFailed], "this driver knows none")
	require.Regexp(t, snapped+" .*1 failed", p.output(t, p.bin("atoll"), "workspaces", "--context", p.context()))
	events := p.kubectl(t, "get", "events", "-A", "--field-selector", "reason="+v1alpha1.ReasonBackupFailed)
	require.Contains(t, events, "home-ada")
	ready, others := p.snapshotsIn(t, snapped)
	require.Equal(t, len(before), len(ready), "a failure took a backup away")
	require.Len(t, others, 1)

	reclass(nil)
	_, err = ada.Run(ctx, snapped, "open('last.txt', 'w').write('kept')")
	require.NoError(t, err)
	p.snap(t)
	require.NoError(t, c.Get(ctx, client.ObjectKeyFromObject(&home), &home))
	require.Empty(t, home.Annotations[v1alpha1.AnnotationBackupFailed])
	eventually(t, time.Minute, "the failed snapshot to be gone", func(context.Context) (bool, error) {
		ready, others := p.snapshotsIn(t, snapped)
		return len(ready) == 2 && len(others) == 0 && len(s.folders(t, "snapshots")) == 2, nil
	})
}

// outlived deletes the workspace, whose policy is Snapshot, and makes it anew.
func (p *platform) outlived(ctx context.Context, t *testing.T, s storage) {
	c := p.client(t)
	ws := &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: snapped}}
	gone := func() {
		t.Helper()
		require.NoError(t, c.Delete(ctx, ws.DeepCopy()))
		took := eventually(t, 4*time.Minute, "the workspace, its namespace and its storage to be gone", func(ctx context.Context) (bool, error) {
			for _, object := range []client.Object{&v1alpha1.Workspace{ObjectMeta: ws.ObjectMeta}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-" + snapped}}} {
				if err := c.Get(ctx, client.ObjectKeyFromObject(object), object); !apierrors.IsNotFound(err) {
					return false, err
				}
			}
			return len(s.folders(t, "volumes"))+len(s.folders(t, "snapshots")) == 0, nil
		})
		t.Logf("the workspace, its volumes and its snapshots are gone after %s", took)
	}
	deleted := time.Now().Add(-time.Second)
	gone()
	p.makeSnapped(ctx, t)
	ada := p.signIn(t, "ada")
	require.NoError(t, ada.Start(ctx, snapped, hubDefaults))
	copies := p.copies(t)
	last := copies[len(copies)-1]
	require.Empty(t, last.Snapshot, "snapshots go with the namespace; the last copy is in the object store")
	require.True(t, last.Time.After(deleted), "the last copy is of %s, the workspace went after %s", last.Time, deleted)
	p.restore(t, "--path", "last.txt")
	requireText(ctx, t, ada, "last.txt", "kept")
	require.NoError(t, c.Get(ctx, client.ObjectKeyFromObject(ws), ws))
	ws.Spec.DeletionPolicy = v1alpha1.DeletionDelete
	require.NoError(t, c.Update(ctx, ws))
	gone()
}
