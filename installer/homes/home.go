package homes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/internal/person"
)

// Home is one person's home in one workspace, and the jobs that read and write it.
type Home struct {
	// Poll is how often a job is looked at, and Timeout how long it may take.
	Poll, Timeout time.Duration
	// Doing hears what is going on.
	Doing func(string)

	api     kubernetes.Interface
	dynamic dynamic.Interface
	store   backup.Store
	home    backup.Home
	claim   *corev1.PersistentVolumeClaim
}

// Find returns the home of a person. It changes nothing.
func Find(ctx context.Context, c *cluster.Cluster, workspace, user string) (*Home, error) {
	api := c.Typed
	store, err := backup.Load(ctx, api, component.Namespace("directory"))
	if err != nil {
		return nil, err
	}
	h := &Home{
		Poll: 500 * time.Millisecond, Timeout: time.Hour, Doing: func(string) {},
		api: api, dynamic: c.Dynamic, store: store, home: backup.Home{Workspace: workspace, Claim: person.Home(user)},
	}
	claims, err := api.CoreV1().PersistentVolumeClaims(h.home.Namespace()).List(ctx, metav1.ListOptions{LabelSelector: v1alpha1.LabelHome + "=true"})
	if err != nil {
		return nil, fmt.Errorf("listing the homes of workspace %s: %w", workspace, err)
	}
	var people []string
	for _, claim := range claims.Items {
		if claim.Name == h.home.Claim {
			h.claim = &claim
			return h, nil
		}
		people = append(people, cmp.Or(claim.Annotations[v1alpha1.AnnotationPerson], claim.Name))
	}
	slices.Sort(people)
	if len(people) == 0 {
		return nil, fmt.Errorf("workspace %s has no home: is its name right? See `atoll workspaces`", workspace)
	}
	return nil, fmt.Errorf("%s has no home in workspace %s; homes there are those of %s", user, workspace, strings.Join(people, ", "))
}

// Copies lists the backups of the home, the oldest first: snapshots of its volume and copies in the object store.
func (h *Home) Copies(ctx context.Context) ([]Copy, error) {
	h.Doing("listing the backups")
	all, err := h.snapshots(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := h.stored(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, stored...)
	slices.SortFunc(all, func(a, b Copy) int { return a.Time.Compare(b.Time) })
	if len(all) == 0 {
		return nil, fmt.Errorf("workspace %s has no backup yet: its first is made when its backup.every and backup.at say, "+
			"or now with `atoll backup home %s/PERSON`", h.home.Workspace, h.home.Workspace)
	}
	return all, nil
}

// stored lists the copies in the object store. The Secret that opens them comes with the first.
func (h *Home) stored(ctx context.Context) ([]Copy, error) {
	_, err := h.api.CoreV1().Secrets(h.home.Namespace()).Get(ctx, backup.Secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s/%s: %w", h.home.Namespace(), backup.Secret, err)
	}
	out, err := h.run(ctx, func(name string) *batchv1.Job { return backup.List(h.store, h.home, name) }, nil)
	if err != nil {
		return nil, err
	}
	return parse(out)
}

// Restored says what was put back.
type Restored struct {
	// Copy it came from.
	Copy Copy `json:"copy"`
	// Path where it is now, relative to the home.
	Path string `json:"path"`
}

// Put puts a path, relative to the home, back as it was at a time. What is there already is not overwritten: the copy
// is put beside it. The path "." is the whole home, which goes into a folder of its own.
func (h *Home) Put(ctx context.Context, what string, when time.Time) (*Restored, error) {
	copies, err := h.Copies(ctx)
	if err != nil {
		return nil, err
	}
	from, err := at(copies, when)
	if err != nil {
		return nil, err
	}
	h.Doing(fmt.Sprintf("restoring %s of %s", what, from.Time.Format(time.RFC3339)))
	restore := h.fromStore
	if from.Snapshot != "" {
		restore = h.fromSnapshot
	}
	out, err := restore(ctx, from, what)
	if err != nil {
		return nil, err
	}
	return &Restored{Copy: from, Path: strings.TrimSpace(string(out))}, nil
}

func (h *Home) fromStore(ctx context.Context, from Copy, what string) ([]byte, error) {
	return h.run(ctx, func(name string) *batchv1.Job { return backup.Restore(h.store, h.home, name, from.ID, what) }, nil)
}

// CheckPath refuses a path that is not one inside a home.
func CheckPath(p string) error {
	if p == "" || path.IsAbs(p) || p != path.Clean(p) || p == ".." || strings.HasPrefix(p, "../") || strings.ContainsAny(p, "\x00\n") {
		return fmt.Errorf("%q is no path inside a home: write it relative to the home, like notes/churn.ipynb", p)
	}
	return nil
}

// run starts a job, waits until it has ended, and returns what it printed. The job does not stay, nor does the claim, if
// there is one, that it reads: it goes with the job even where this command is killed.
func (h *Home) run(ctx context.Context, make func(name string) *batchv1.Job, reads *corev1.PersistentVolumeClaim) ([]byte, error) {
	pods, err := h.api.CoreV1().Pods(h.home.Namespace()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of namespace %s: %w", h.home.Namespace(), err)
	}
	h.home.Node = backup.NodeOf(pods.Items, h.home.Claim)
	jobs := h.api.BatchV1().Jobs(h.home.Namespace())
	job, err := jobs.Create(ctx, make("restore-"+rand.String(8)), metav1.CreateOptions{FieldManager: cluster.FieldManager})
	if err != nil {
		return nil, fmt.Errorf("starting a job in namespace %s: %w", h.home.Namespace(), err)
	}
	defer func() {
		background := metav1.DeletePropagationBackground
		_ = jobs.Delete(context.WithoutCancel(ctx), job.Name, metav1.DeleteOptions{PropagationPolicy: &background})
	}()
	if reads != nil {
		if err := h.giveTo(ctx, reads, job); err != nil {
			return nil, err
		}
	}
	failure := ""
	err = wait.PollUntilContextTimeout(ctx, h.Poll, h.Timeout, true, func(ctx context.Context) (bool, error) {
		live, err := jobs.Get(ctx, job.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		var done bool
		done, failure = backup.Done(live)
		return done, nil
	})
	own, listErr := h.api.CoreV1().Pods(h.home.Namespace()).List(ctx, metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + "=" + job.Name})
	if listErr != nil {
		return nil, errors.Join(err, fmt.Errorf("listing the pods of Job %s: %w", job.Name, listErr))
	}
	if err != nil || failure != "" {
		why := cmp.Or(strings.TrimSpace(backup.Word(own.Items)), failure)
		return nil, errors.Join(err, fmt.Errorf("the job failed: %s", cmp.Or(why, "it did not end in time; is there room in the quota of the workspace?")))
	}
	if len(own.Items) == 0 {
		return nil, fmt.Errorf("the pod of Job %s is gone before it was read", job.Name)
	}
	out, err := h.api.CoreV1().Pods(h.home.Namespace()).GetLogs(own.Items[0].Name, &corev1.PodLogOptions{}).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what Job %s printed: %w", job.Name, err)
	}
	return out, nil
}
