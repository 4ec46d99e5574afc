package run

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
	"github.com/atoll-platform/atoll/operator/podtoken"
	"github.com/atoll-platform/atoll/operator/runner"
)

// Desk hands the pods of runs what opens the object store to them: a URL to read the notebook of their task, and one to
// write it as it was executed. So no pod has any of it in its spec, where everybody in the workspace may read.
//
// A pod asks with a token that Kubernetes made for it. Which objects it gets is read off the run that it belongs to.
type Desk struct {
	// Client reads pods and runs as they are, and asks the API server whose a token is.
	Client client.Client
	Store  Store
	Clock  clock.PassiveClock
	Log    logr.Logger
}

// ServeHTTP answers GET runner.PathNotebook and runner.PathOutput with a URL, 401 to who shows no good token, 404 to a pod
// that has no such object, and 503 where the API server or the object store cannot be asked.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if (r.URL.Path != runner.PathNotebook && r.URL.Path != runner.PathOutput) || r.Method != http.MethodGet {
		http.Error(w, "ask with GET "+runner.PathNotebook+" or "+runner.PathOutput, http.StatusNotFound)
		return
	}
	who, err := podtoken.Of(r.Context(), d.Client, runner.Audience, r.Header.Get("Authorization"))
	if err != nil {
		d.unavailable(w, err, "asking whose a token is")
		return
	}
	if who == nil || who.Name == "" {
		http.Error(w, "this is no token of a run's pod for the audience "+runner.Audience, http.StatusUnauthorized)
		return
	}
	pod, run, err := d.of(r.Context(), who)
	if err != nil {
		d.unavailable(w, err, "finding the run of a pod", "namespace", who.Namespace, "pod", who.Name)
		return
	}
	if run == nil {
		http.Error(w, "this pod is of no run", http.StatusUnauthorized)
		return
	}
	url, err := d.url(r.Context(), r.URL.Path, pod, run)
	switch {
	case err != nil:
		d.unavailable(w, err, "signing a URL", "namespace", who.Namespace, "pod", who.Name)
	case url == "":
		http.Error(w, "the notebook of this task is no object", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintln(w, url) // a pod that went away needs no answer
	}
}

func (d *Desk) unavailable(w http.ResponseWriter, err error, doing string, about ...any) {
	d.Log.Error(err, doing, about...)
	http.Error(w, "the platform cannot tell at the moment; try again", http.StatusServiceUnavailable)
}

// of is the pod that asks and the run it is of; no run where it is of none.
func (d *Desk) of(ctx context.Context, who *podtoken.Pod) (*corev1.Pod, *v1alpha1.Run, error) {
	pod, run := &corev1.Pod{}, &v1alpha1.Run{}
	if !strings.HasPrefix(who.Namespace, v1alpha1.WorkspaceNamespacePrefix) {
		return nil, nil, nil
	}
	err := d.Client.Get(ctx, client.ObjectKey{Namespace: who.Namespace, Name: who.Name}, pod)
	if apierrors.IsNotFound(err) || (err == nil && (string(pod.UID) != who.UID || pod.Labels[v1alpha1.LabelComponent] != owned.ComponentRun)) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading pod %s/%s: %w", who.Namespace, who.Name, err)
	}
	err = d.Client.Get(ctx, client.ObjectKey{Namespace: who.Namespace, Name: pod.Labels[v1alpha1.LabelRun]}, run)
	if apierrors.IsNotFound(err) || (err == nil && (!mine(pod, run) || run.Status.Plan == nil)) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the run of pod %s/%s: %w", who.Namespace, who.Name, err)
	}
	return pod, run, nil
}

// url opens one object for as long as the pod may still live; it is empty where the pod has no such object.
func (d *Desk) url(ctx context.Context, asked string, pod *corev1.Pod, run *v1alpha1.Run) (string, error) {
	lasts := d.left(pod)
	task := taskOf(run.Status.Plan, pod.Labels[v1alpha1.LabelTask])
	if asked == runner.PathNotebook {
		if task.Notebook.Object == "" {
			return "", nil
		}
		// Only what is the workspace's own: the signature is the operator's, which may read more.
		return d.Store.Get(ctx, path.Join("notebooks", workspaceOf(run), task.Notebook.Object), lasts)
	}
	attempt, err := strconv.ParseInt(pod.Labels[v1alpha1.LabelAttempt], 10, 32)
	if err != nil {
		return "", fmt.Errorf("reading the attempt of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	_, key, _ := strings.Cut(outputKey(run.Status.Plan, task.Name, int32(attempt)), "/")
	return d.Store.Put(ctx, key, lasts)
}

// left is how long a pod may still live, with the time it is given to end.
func (d *Desk) left(pod *corev1.Pod) time.Duration {
	if pod.Spec.ActiveDeadlineSeconds == nil {
		return graceSeconds * time.Second
	}
	ends := pod.CreationTimestamp.Add(time.Duration(*pod.Spec.ActiveDeadlineSeconds) * time.Second)
	return max(ends.Sub(d.Clock.Now()), 0) + graceSeconds*time.Second
}
