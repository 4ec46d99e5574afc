package backup

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// Options say where copies go and how many are made at once.
type Options struct {
	// Store is where copies are kept.
	Store backup.Store
	// KeyFile holds the platform's key, from which the passwords of copies derive.
	KeyFile string
	// Accounts opens the store to workspaces; nil turns backups off.
	Accounts Accounts
	// Jobs bounds how many homes are saved at once.
	Jobs int
	// Again is when a backup that is not done is looked at again, 15 seconds if it is zero: snapshots are not watched, and
	// as many jobs may run as are allowed.
	Again time.Duration
	// Clock tells the time; nil is the system's.
	Clock clock.PassiveClock
}

// On says whether this platform backs homes up.
func (o Options) On() bool { return o.Accounts != nil }

// Saver runs the jobs that save homes.
type Saver struct {
	apply.Writer
	live client.Reader
	opts Options

	// mu lets one job be started at a time, so that the bound on them holds.
	mu sync.Mutex
	// unseen are the jobs that were started and that the cache does not show yet.
	unseen map[client.ObjectKey]time.Time
	// waits are for snapshots that are not ready.
	waits waits
}

// NewSaver returns a saver that reads from cached, or from live what is not cached.
func NewSaver(cached client.Client, live client.Reader, opts Options) *Saver {
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	opts.Again = cmp.Or(opts.Again, 15*time.Second)
	return &Saver{Writer: apply.Writer{Client: cached}, live: live, opts: opts, unseen: map[client.ObjectKey]time.Time{}}
}

// outcome of saving a home as of a time.
type outcome struct {
	// done is false while the backup runs or waits.
	done bool
	// failure is why it failed.
	failure string
}

// save saves the home as of a time: by a snapshot where its storage takes them, or else by a copy in the object store.
func (s *Saver) save(ctx context.Context, ws *v1alpha1.Workspace, home *corev1.PersistentVolumeClaim, at time.Time) (outcome, error) {
	class, err := s.class(ctx, home)
	if err != nil {
		return outcome{}, err
	}
	if class != "" {
		return s.snapshot(ctx, ws, home, class, at)
	}
	return s.copy(ctx, ws, home, at)
}

// copy makes sure that the job which copies the home as of a time exists, and tells how it goes.
func (s *Saver) copy(ctx context.Context, ws *v1alpha1.Workspace, home *corev1.PersistentVolumeClaim, at time.Time) (outcome, error) {
	job := &batchv1.Job{}
	key := client.ObjectKey{Namespace: home.Namespace, Name: backup.SaveName(home.Name, at)}
	err := s.Get(ctx, key, job)
	if apierrors.IsNotFound(err) {
		return s.start(ctx, ws, home, at)
	}
	if err != nil {
		return outcome{}, fmt.Errorf("reading Job %s: %w", key, err)
	}
	done, failure := backup.Done(job)
	if failure == "" {
		return outcome{done: done}, nil
	}
	if word, err := s.word(ctx, job); err != nil {
		return outcome{}, err
	} else if word != "" {
		failure = strings.TrimSpace(word)
	}
	return outcome{done: true, failure: failure}, nil
}

func (s *Saver) start(ctx context.Context, ws *v1alpha1.Workspace, home *corev1.PersistentVolumeClaim, at time.Time) (outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	running, err := s.running(ctx)
	if err != nil || running >= s.opts.Jobs {
		return outcome{}, err
	}
	if err := s.account(ctx, ws); err != nil {
		return outcome{}, err
	}
	pods := &corev1.PodList{}
	if err := s.live.List(ctx, pods, client.InNamespace(home.Namespace)); err != nil {
		return outcome{}, fmt.Errorf("listing the pods of namespace %s: %w", home.Namespace, err)
	}
	job := backup.Save(s.opts.Store, backup.Home{
		Workspace: ws.Name, Claim: home.Name, Node: backup.NodeOf(pods.Items, home.Name),
	}, at, ws.Spec.Backup.Keep)
	if err := s.Create(ctx, job, client.FieldOwner(apply.FieldManager)); err != nil && !apierrors.IsAlreadyExists(err) {
		return outcome{}, fmt.Errorf("starting the backup of home %s/%s: %w", home.Namespace, home.Name, err)
	}
	s.unseen[client.ObjectKeyFromObject(job)] = time.Now()
	return outcome{}, nil
}

// running is the number of jobs at work.
func (s *Saver) running(ctx context.Context) (int, error) {
	jobs := &batchv1.JobList{}
	if err := s.List(ctx, jobs, client.MatchingLabels{v1alpha1.LabelBackup: "save"}); err != nil {
		return 0, fmt.Errorf("listing the backups at work: %w", err)
	}
	n := 0
	for i := range jobs.Items {
		delete(s.unseen, client.ObjectKeyFromObject(&jobs.Items[i]))
		if done, _ := backup.Done(&jobs.Items[i]); !done {
			n++
		}
	}
	// One that was deleted at once is never seen.
	maps.DeleteFunc(s.unseen, func(_ client.ObjectKey, at time.Time) bool { return time.Since(at) > time.Minute })
	return n + len(s.unseen), nil
}

// word is what the job's last pod said.
func (s *Saver) word(ctx context.Context, job *batchv1.Job) (string, error) {
	pods := &corev1.PodList{}
	err := s.live.List(ctx, pods, client.InNamespace(job.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job.Name})
	if err != nil {
		return "", fmt.Errorf("listing the pods of Job %s/%s: %w", job.Namespace, job.Name, err)
	}
	return backup.Word(pods.Items), nil
}

// homes lists the homes of a workspace that hold something: an unbound volume was never used.
func (s *Saver) homes(ctx context.Context, ws *v1alpha1.Workspace) ([]corev1.PersistentVolumeClaim, error) {
	claims := &corev1.PersistentVolumeClaimList{}
	err := s.live.List(ctx, claims, client.InNamespace(owned.Namespace(ws)), client.MatchingLabels{v1alpha1.LabelHome: "true"})
	if err != nil {
		return nil, fmt.Errorf("listing the homes of namespace %s: %w", owned.Namespace(ws), err)
	}
	var used []corev1.PersistentVolumeClaim
	for _, claim := range claims.Items {
		if claim.Status.Phase == corev1.ClaimBound {
			used = append(used, claim)
		}
	}
	return used, nil
}
