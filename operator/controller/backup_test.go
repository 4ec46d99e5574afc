package controller_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	internalbackup "github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/controller/backup"
)

var (
	// backupClock is what the backups take for the time. It begins after every home of these tests was made.
	backupClock = clocktesting.NewFakePassiveClock(time.Now().Add(2 * time.Hour))
	accounts    = &fakeAccounts{keys: map[string]string{}, policies: map[string]string{}}
)

// fakeAccounts stands in for the object store's accounts; operator/target/objectstore is tested against the real ones.
type fakeAccounts struct {
	mu       sync.Mutex
	keys     map[string]string
	policies map[string]string
	made     int
}

func (f *fakeAccounts) EnsureBucket(context.Context, string) error { return nil }

func (f *fakeAccounts) EnsureUser(_ context.Context, name, policy string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.policies[name] = policy
	return nil
}

func (f *fakeAccounts) HasKey(_ context.Context, user, id string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keys[user] == id, nil
}

func (f *fakeAccounts) NewKey(_ context.Context, user string) (string, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.policies[user] == "" {
		return "", "", fmt.Errorf("there is no account %s", user)
	}
	f.made++
	f.keys[user] = fmt.Sprintf("AKIA%d", f.made)
	return f.keys[user], "secret", nil
}

func backupKeyFile() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("atoll-backup-key-%d", os.Getpid()))
}

func backupOptions() backup.Options {
	file := backupKeyFile()
	if err := os.WriteFile(file, []byte("key"), 0o600); err != nil {
		panic(err)
	}
	return backup.Options{
		Store:    internalbackup.Store{Image: "example.com/backup:1", Endpoint: "http://store:7070", BucketPrefix: "backup-of-", Region: "us-east-1"},
		KeyFile:  file,
		Accounts: accounts,
		Jobs:     2,
		Again:    time.Second,
		Clock:    backupClock,
	}
}

// saves are the jobs that save homes in a workspace.
func saves(t testing.TB, workspace string) []batchv1.Job {
	t.Helper()
	list := &batchv1.JobList{}
	if err := admin.List(ctx, list, client.InNamespace("ws-"+workspace), client.MatchingLabels{v1alpha1.LabelBackup: "save"}); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func waitSaves(t testing.TB, workspace string, n int) []batchv1.Job {
	t.Helper()
	var jobs []batchv1.Job
	eventually(t, fmt.Sprintf("%d homes of %s are being saved", n, workspace), func() error {
		if jobs = saves(t, workspace); len(jobs) != n {
			return fmt.Errorf("there are %d jobs", len(jobs))
		}
		return nil
	})
	return jobs
}

// finish ends a job as Kubernetes' controller of jobs, which does not run here, would.
func finish(t testing.TB, job *batchv1.Job, failure string) {
	t.Helper()
	now := metav1.Now()
	condition := batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: now}
	first := batchv1.JobCondition{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue, LastTransitionTime: now}
	if failure != "" {
		condition.Type, condition.Reason, condition.Message = batchv1.JobFailed, "BackoffLimitExceeded", failure
		first.Type = batchv1.JobFailureTarget
	} else {
		job.Status.CompletionTime, job.Status.Succeeded = &now, 1
	}
	job.Status.StartTime = &now
	job.Status.Conditions = []batchv1.JobCondition{first, condition}
	if err := admin.Status().Update(ctx, job); err != nil {
		t.Fatalf("ending job %s: %v", job.Name, err)
	}
}

func homeAnnotations(t testing.TB, workspace, home string) map[string]string {
	t.Helper()
	claim := &corev1.PersistentVolumeClaim{}
	if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-" + workspace, Name: home}, claim); err != nil {
		t.Fatal(err)
	}
	return claim.Annotations
}

func noted(t testing.TB, workspace, home, annotation, want string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s of %s says %q", annotation, home, want), func() error {
		if got := homeAnnotations(t, workspace, home)[annotation]; !strings.Contains(got, want) || (want == "") != (got == "") {
			return fmt.Errorf("it says %q", got)
		}
		return nil
	})
}

func TestBackup(t *testing.T) {
	create(t, newWorkspace("saved", func(ws *v1alpha1.Workspace) {
		ws.Spec.Backup = v1alpha1.Backup{Every: v1alpha1.BackupHour, Keep: 3}
	}), v1alpha1.ReasonReady)
	bind(t, "ws-saved", "home-ada")
	job := &waitSaves(t, "saved", 1)[0]

	secret := &corev1.Secret{}
	if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-saved", Name: internalbackup.Secret}, secret); err != nil {
		t.Fatal(err)
	}
	if id := string(secret.Data["access-key"]); id == "" || id != accounts.keys["backup-saved"] {
		t.Errorf("the Secret has the access key %q", id)
	}
	if !strings.Contains(accounts.policies["backup-saved"], "arn:aws:s3:::backup-of-saved/*") {
		t.Errorf("the account's policy is %s", accounts.policies["backup-saved"])
	}
	pod := job.Spec.Template.Spec
	if got := pod.Containers[0].Args; len(got) != 3 || got[0] != "save" || got[2] != "3" {
		t.Errorf("the job's arguments are %q", got)
	}
	if pod.Volumes[0].PersistentVolumeClaim.ClaimName != "home-ada" || !pod.Containers[0].VolumeMounts[0].ReadOnly {
		t.Errorf("the job mounts %+v as %+v", pod.Volumes[0], pod.Containers[0].VolumeMounts[0])
	}

	finish(t, job, "")
	noted(t, "saved", "home-ada", v1alpha1.AnnotationBackedUp, "T")
	first := homeAnnotations(t, "saved", "home-ada")[v1alpha1.AnnotationBackedUp]

	backupClock.SetTime(backupClock.Now().Add(time.Hour))
	update(t, "saved", func(ws *v1alpha1.Workspace) { ws.Spec.Backup.Keep = 4 })
	for _, next := range waitSaves(t, "saved", 2) {
		if next.Name != job.Name {
			finish(t, &next, "disk on fire")
		}
	}
	noted(t, "saved", "home-ada", v1alpha1.AnnotationBackupFailed, "disk on fire")
	noted(t, "saved", "home-ada", v1alpha1.AnnotationBackedUp, first)

	backupClock.SetTime(backupClock.Now().Add(time.Hour))
	update(t, "saved", func(ws *v1alpha1.Workspace) { ws.Spec.Backup.Keep = 5 })
	for _, next := range waitSaves(t, "saved", 3) {
		if len(next.Status.Conditions) == 0 {
			finish(t, &next, "")
		}
	}
	noted(t, "saved", "home-ada", v1alpha1.AnnotationBackupFailed, "")
}

func TestBackupNever(t *testing.T) {
	create(t, newWorkspace("unsaved", func(ws *v1alpha1.Workspace) {
		ws.Spec.Backup = v1alpha1.Backup{Every: v1alpha1.BackupNever}
	}), v1alpha1.ReasonReady)
	bind(t, "ws-unsaved", "home-ada")
	update(t, "unsaved", func(ws *v1alpha1.Workspace) { ws.Spec.Backup.Keep = 2 })
	settled(t, "unsaved", v1alpha1.ReasonReady)
	if got := saves(t, "unsaved"); len(got) > 0 {
		t.Errorf("there are %d jobs", len(got))
	}
	// It may have copies of a workspace of that name which is gone.
	eventually(t, "it has what opens its copies", func() error {
		return admin.Get(ctx, client.ObjectKey{Namespace: "ws-unsaved", Name: internalbackup.Secret}, &corev1.Secret{})
	})

	// Someone who asks gets one all the same.
	asked := time.Now().UTC().Add(time.Second).Format(time.RFC3339)
	claim := &corev1.PersistentVolumeClaim{}
	eventually(t, "the request is on the home", func() error {
		if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-unsaved", Name: "home-ada"}, claim); err != nil {
			return err
		}
		claim.Annotations[v1alpha1.AnnotationBackupRequested] = asked
		return admin.Update(ctx, claim)
	})
	finish(t, &waitSaves(t, "unsaved", 1)[0], "")
	noted(t, "unsaved", "home-ada", v1alpha1.AnnotationBackedUp, asked)
}

func TestBackupsAtOnceAreBounded(t *testing.T) {
	create(t, newWorkspace("crowd", func(ws *v1alpha1.Workspace) {
		ws.Spec.Backup = v1alpha1.Backup{Every: v1alpha1.BackupHour}
	}), v1alpha1.ReasonReady)
	homes := names(t, &corev1.PersistentVolumeClaimList{}, "ws-crowd")
	if len(homes) != 3 {
		t.Fatalf("homes are %v", homes)
	}
	for _, home := range homes {
		bind(t, "ws-crowd", home)
	}
	jobs := waitSaves(t, "crowd", 2)
	finish(t, &jobs[0], "")
	jobs = waitSaves(t, "crowd", 3)
	for i := range jobs {
		if len(jobs[i].Status.Conditions) == 0 {
			finish(t, &jobs[i], "")
		}
	}
	for _, home := range homes {
		noted(t, "crowd", home, v1alpha1.AnnotationBackedUp, "T")
	}
}

func TestBackupBySnapshots(t *testing.T) {
	snapshots(t)
	create(t, newWorkspace("snapped", func(ws *v1alpha1.Workspace) {
		ws.Spec.Backup = v1alpha1.Backup{Every: v1alpha1.BackupHour, Keep: 2}
		ws.Spec.Home.StorageClassName = "snapping"
	}), v1alpha1.ReasonReady)
	bind(t, "ws-snapped", "home-ada")
	list := internalbackup.NewSnapshotList()
	// next waits for the snapshot of the hour and answers as its driver would.
	next := func(n int, status map[string]any) {
		t.Helper()
		eventually(t, fmt.Sprintf("snapshot %d is taken", n), func() error {
			if err := admin.List(ctx, list, client.InNamespace("ws-snapped")); err != nil {
				return err
			}
			for i := range list.Items {
				if _, known := list.Items[i].Object["status"]; !known {
					list.Items[i].Object["status"] = status
					return admin.Update(ctx, &list.Items[i])
				}
			}
			return errors.New("there is none")
		})
	}
	next(1, map[string]any{"readyToUse": true})
	noted(t, "snapped", "home-ada", v1alpha1.AnnotationBackedUp, "T")
	if class, _, _ := unstructured.NestedString(list.Items[0].Object, "spec", "volumeSnapshotClassName"); class != "of-the-driver" {
		t.Errorf("the snapshot is of class %q", class)
	}
	for n := 2; n <= 3; n++ {
		was := homeAnnotations(t, "snapped", "home-ada")[v1alpha1.AnnotationBackedUp]
		backupClock.SetTime(backupClock.Now().Add(time.Hour))
		update(t, "snapped", func(ws *v1alpha1.Workspace) { ws.Spec.DisplayName = fmt.Sprint("Round ", n) })
		next(n, map[string]any{"readyToUse": true})
		eventually(t, "the backup is noted", func() error {
			if homeAnnotations(t, "snapped", "home-ada")[v1alpha1.AnnotationBackedUp] == was {
				return errors.New("it is the last one still")
			}
			return nil
		})
	}
	eventually(t, "two snapshots are kept", func() error {
		if err := admin.List(ctx, list, client.InNamespace("ws-snapped")); err != nil || len(list.Items) != 2 {
			return fmt.Errorf("there are %d, %w", len(list.Items), err)
		}
		return nil
	})
	if got := saves(t, "snapped"); len(got) > 0 {
		t.Errorf("%d jobs copy what was snapped", len(got))
	}
	backupClock.SetTime(backupClock.Now().Add(time.Hour))
	update(t, "snapped", func(ws *v1alpha1.Workspace) { ws.Spec.DisplayName = "Round 4" })
	// An error is no failure yet: most pass.
	next(4, map[string]any{"error": map[string]any{"message": "no room for it"}})
	was := homeAnnotations(t, "snapped", "home-ada")[v1alpha1.AnnotationBackedUp]
	respond := func(status map[string]any) {
		t.Helper()
		if err := admin.List(ctx, list, client.InNamespace("ws-snapped")); err != nil {
			t.Fatal(err)
		}
		latest := slices.MaxFunc(list.Items, func(a, b unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
		latest.Object["status"] = status
		if err := admin.Update(ctx, &latest); err != nil {
			t.Fatal(err)
		}
	}
	respond(map[string]any{"readyToUse": true})
	eventually(t, "the backup is noted", func() error {
		if homeAnnotations(t, "snapped", "home-ada")[v1alpha1.AnnotationBackedUp] == was {
			return errors.New("it is the last one still")
		}
		return nil
	})
	if got := homeAnnotations(t, "snapped", "home-ada")[v1alpha1.AnnotationBackupFailed]; got != "" {
		t.Errorf("an error that passed is noted: %q", got)
	}

	backupClock.SetTime(backupClock.Now().Add(time.Hour))
	update(t, "snapped", func(ws *v1alpha1.Workspace) { ws.Spec.DisplayName = "Round 5" })
	next(5, map[string]any{"error": map[string]any{"message": "no room for it"}})
	latest := slices.MaxFunc(list.Items, func(a, b unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	due, err := time.Parse(time.RFC3339, latest.GetAnnotations()[v1alpha1.AnnotationBackedUp])
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, "an error that stays is noted", func() error {
		// Most of an hour goes by in the minute that this waits at most, so that no other backup is due.
		backupClock.SetTime(due.Add(time.Minute + 48*time.Since(began)))
		if got := homeAnnotations(t, "snapped", "home-ada")[v1alpha1.AnnotationBackupFailed]; !strings.Contains(got, "no room for it") {
			return fmt.Errorf("it says %q", got)
		}
		return nil
	})
}

// snapshots installs what a storage driver that takes snapshots brings along.
func snapshots(t *testing.T) {
	t.Helper()
	for _, plural := range []string{"volumesnapshots", "volumesnapshotclasses"} {
		kind, scope := "VolumeSnapshot", "Namespaced"
		if plural == "volumesnapshotclasses" {
			kind, scope = "VolumeSnapshotClass", "Cluster"
		}
		crd := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{
				"name":        plural + ".snapshot.storage.k8s.io",
				"annotations": map[string]any{"api-approved.kubernetes.io": "https://github.com/kubernetes-csi/external-snapshotter"},
			},
			"spec": map[string]any{
				"group": "snapshot.storage.k8s.io", "scope": scope,
				"names": map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind), "listKind": kind + "List"},
				"versions": []any{map[string]any{
					"name": "v1", "served": true, "storage": true,
					"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
				}},
			},
		}}
		if err := admin.Create(ctx, crd); err != nil {
			t.Fatal(err)
		}
	}
	class := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass",
		"metadata": map[string]any{"name": "of-the-driver"}, "driver": "csi.example.com", "deletionPolicy": "Delete",
	}}
	eventually(t, "the kinds of snapshots are served", func() error { return admin.Create(ctx, class) })
	other := class.DeepCopy()
	other.SetName("another")
	other.SetResourceVersion("")
	other.SetUID("")
	other.Object["driver"] = "csi.example.org"
	if err := admin.Create(ctx, other); err != nil {
		t.Fatal(err)
	}
	if err := admin.Create(ctx, &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "snapping"}, Provisioner: "csi.example.com"}); err != nil {
		t.Fatal(err)
	}
}

// slowToEnd is the pod of a run that, told to end, goes on until end is called.
func slowToEnd(t testing.TB, workspace string) *corev1.Pod {
	t.Helper()
	pod := startServer(t, workspace, "of-a-run", "python")
	before := pod.DeepCopy()
	pod.Labels[v1alpha1.LabelComponent] = "run"
	pod.Finalizers = []string{"atoll.dev/test"}
	if err := admin.Patch(ctx, pod, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	return pod
}

func end(t testing.TB, pod *corev1.Pod) {
	t.Helper()
	if err := admin.Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshot(t *testing.T) {
	create(t, newWorkspace("snapshot", func(ws *v1alpha1.Workspace) {
		ws.Spec.DeletionPolicy = v1alpha1.DeletionSnapshot
		ws.Spec.Backup = v1alpha1.Backup{Every: v1alpha1.BackupNever}
	}), v1alpha1.ReasonReady)
	bind(t, "ws-snapshot", "home-ada")
	server := startServer(t, "snapshot", "ada", "python")
	run := slowToEnd(t, "snapshot")
	remove(t, "snapshot")
	eventually(t, "it is said what is waited for", func() error {
		ws := &v1alpha1.Workspace{}
		err := admin.Get(ctx, client.ObjectKey{Name: "snapshot"}, ws)
		if text := ready(ws).Message; !strings.Contains(text, run.Name) {
			return errors.Join(err, fmt.Errorf("the message is %q", text))
		}
		return nil
	})
	if jobs := saves(t, "snapshot"); len(jobs) > 0 {
		t.Errorf("%d homes are saved while pod %s may still write", len(jobs), run.Name)
	}
	end(t, run)
	jobs := waitSaves(t, "snapshot", 1)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(server), server); !apierrors.IsNotFound(err) {
		t.Errorf("the server still runs while its home is saved: %v", err)
	}
	ns := &corev1.Namespace{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "ws-snapshot"}, ns); err != nil || ns.DeletionTimestamp != nil {
		t.Fatalf("the namespace goes before the homes are saved: %v", err)
	}

	finish(t, &jobs[0], "store is full")
	ws := settled(t, "snapshot", v1alpha1.ReasonBackupFailed)
	if text := ready(ws).Message; !strings.Contains(text, "home-ada") || !strings.Contains(text, "store is full") {
		t.Errorf("the message is %q", text)
	}
	if err := admin.Delete(ctx, &jobs[0], client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
		t.Fatal(err)
	}
	update(t, "snapshot", func(ws *v1alpha1.Workspace) { ws.Spec.DisplayName = "Again" })
	eventually(t, "the home is saved again", func() error {
		for _, job := range saves(t, "snapshot") {
			if job.UID != jobs[0].UID {
				finish(t, &job, "")
				return nil
			}
		}
		return errors.New("no new job")
	})
	eventually(t, "the namespace goes once the homes are saved", func() error {
		if err := admin.Get(ctx, client.ObjectKey{Name: "ws-snapshot"}, ns); err != nil || ns.DeletionTimestamp == nil {
			return errors.Join(errors.New("it does not"), err)
		}
		return nil
	})
	finalize(t, "ws-snapshot")
	gone(t, "snapshot")
}
