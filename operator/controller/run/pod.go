package run

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/internal/schedule"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
	"github.com/atoll-platform/atoll/operator/runner"
)

const (
	containerPrepare  = "prepare"
	containerKeep     = "keep"
	containerNotebook = "notebook"

	// The user of the images that notebooks run in, and the group of homes.
	uid, gid = 1000, 100
	// graceSeconds are for the executed notebook to be kept.
	graceSeconds = 60
	// slack is what a pod may take beyond the timeout of its notebook, which the script inside enforces.
	slack = 10 * time.Minute
	// tokenSeconds is for how long a token is good; the kubelet puts a new one in its place before that.
	tokenSeconds = 3600
)

var helperResources = corev1.ResourceRequirements{
	Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
	Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200m"), corev1.ResourceMemory: resource.MustParse("256Mi")},
}

// PodName is the name of the one pod of an attempt.
func PodName(run, task string, attempt int32) string {
	return fmt.Sprintf("%s-%s-%d", run, task, attempt)
}

// outputKey is where the executed notebook of an attempt is kept.
func outputKey(plan *v1alpha1.RunPlan, task string, attempt int32) string {
	return path.Join(plan.OutputPrefix, fmt.Sprintf("%s-%d.ipynb", task, attempt))
}

// output is the name of the executed notebook, if it was kept. The bucket's name is a part of the prefix.
func output(plan *v1alpha1.RunPlan, t *v1alpha1.TaskStatus, kept bool) string {
	if !kept {
		return ""
	}
	return "s3://" + outputKey(plan, t.Name, t.Attempt)
}

// pod is that of a task's present attempt.
func (c *Controller) pod(run *v1alpha1.Run, profile *v1alpha1.Profile, size v1alpha1.Size, t *v1alpha1.TaskStatus) (*corev1.Pod, error) {
	task := taskOf(run.Status.Plan, t.Name)
	order, err := order(run, task, t.Attempt)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{
		v1alpha1.LabelWorkspace:     workspaceOf(run),
		owned.LabelManagedBy:        owned.ManagedBy,
		"app.kubernetes.io/part-of": "atoll",
		v1alpha1.LabelComponent:     owned.ComponentRun,
		v1alpha1.LabelPerson:        person.Slug(run.Status.Owner),
		v1alpha1.LabelProfile:       profile.Name,
		v1alpha1.LabelSchedule:      run.Spec.Schedule,
		v1alpha1.LabelRun:           run.Name,
		v1alpha1.LabelTask:          t.Name,
		v1alpha1.LabelAttempt:       strconv.Itoa(int(t.Attempt)),
	}
	selector, tolerations := c.placement(profile)
	deadline := task.Timeout.Duration + run.Status.Plan.StartDeadline.Duration + slack
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       run.Namespace,
			Name:            PodName(run.Name, t.Name, t.Attempt),
			Labels:          labels,
			Annotations:     map[string]string{v1alpha1.AnnotationPerson: run.Status.Owner},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(run, v1alpha1.GroupVersion.WithKind("Run"))},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName:            person.ServiceAccount(run.Status.Owner),
			AutomountServiceAccountToken:  ptr.To(true),
			EnableServiceLinks:            ptr.To(false),
			PriorityClassName:             c.opts.PriorityClass,
			RestartPolicy:                 corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:         ptr.To(int64(deadline.Seconds())),
			TerminationGracePeriodSeconds: ptr.To(int64(graceSeconds)),
			NodeSelector:                  selector,
			Tolerations:                   tolerations,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To(int64(uid)), RunAsGroup: ptr.To(int64(gid)), FSGroup: ptr.To(int64(gid)),
				FSGroupChangePolicy: ptr.To(corev1.FSGroupChangeOnRootMismatch),
				SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			InitContainers: []corev1.Container{
				c.helper(containerPrepare, nil, corev1.EnvVar{Name: runner.TaskVariable, Value: literal(order)}),
				// A container that stays: Kubernetes ends it after the notebook's, and waits for it.
				c.helper(containerKeep, ptr.To(corev1.ContainerRestartPolicyAlways)),
			},
			Containers: []corev1.Container{{
				Name:            containerNotebook,
				Image:           run.Status.Image,
				ImagePullPolicy: corev1.PullIfNotPresent,
				Command:         []string{"python3", path.Join(runner.Folder, runner.Script)},
				WorkingDir:      runner.Home,
				Env:             environment(profile, run, t),
				Resources:       resources(size),
				SecurityContext: restricted(false),
				VolumeMounts: []corev1.VolumeMount{
					{Name: "run", MountPath: runner.Folder},
					{Name: "home", MountPath: runner.Home},
				},
			}},
			Volumes: []corev1.Volume{
				{Name: "run", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
				{Name: "home", VolumeSource: home(task, run.Status.Owner)},
				{Name: "desk", VolumeSource: token()},
			},
		},
	}
	c.opts.DataAccess.add(pod)
	return pod, c.opts.Queries.add(pod)
}

// order is what the pod is told to do.
func order(run *v1alpha1.Run, task v1alpha1.Task, attempt int32) (string, error) {
	arguments, err := schedule.Arguments(task.Parameters, values(run, attempt))
	if err != nil {
		return "", err
	}
	told := runner.Task{
		Source: sourceOf(task.Notebook), Home: task.Notebook.Home, Object: task.Notebook.Object != "",
		Parameters: arguments, Timeout: task.Timeout.Duration,
	}
	if g := task.Notebook.Git; g != nil {
		told.Git = &runner.Git{Repository: g.Repository, Ref: g.Ref, Path: g.Path}
	}
	data, err := json.Marshal(told)
	if err != nil {
		return "", fmt.Errorf("encoding task %s of run %s: %w", task.Name, run.Name, err)
	}
	return string(data), nil
}

func values(run *v1alpha1.Run, attempt int32) schedule.Values {
	plan := run.Status.Plan
	v := schedule.Values{ID: run.Name, Attempt: attempt, Schedule: run.Spec.Schedule, Workspace: workspaceOf(run)}
	zone, err := schedule.ParseZone(plan.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	v.Date = plan.Interval.In(zone)
	if plan.Previous != nil {
		v.Previous = plan.Previous.In(zone)
	}
	if plan.Next != nil {
		v.Next = plan.Next.In(zone)
	}
	return v
}

// helper is a container of the operator's own image beside the notebook.
func (c *Controller) helper(name string, restart *corev1.ContainerRestartPolicy, env ...corev1.EnvVar) corev1.Container {
	return corev1.Container{
		Name:            name,
		Image:           c.opts.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Command:         []string{"/usr/local/bin/atoll-operator", "task", name},
		Env:             append(env, corev1.EnvVar{Name: runner.DeskVariable, Value: c.opts.Desk}),
		RestartPolicy:   restart,
		Resources:       helperResources,
		SecurityContext: restricted(true),
		VolumeMounts: []corev1.VolumeMount{
			{Name: "run", MountPath: runner.Folder},
			{Name: "desk", MountPath: runner.DeskFolder, ReadOnly: true},
		},
	}
}

// token is by which the pod asks the operator for its URLs. The notebook's container does not have it.
func token() corev1.VolumeSource {
	return corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
		ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
			Audience: runner.Audience, ExpirationSeconds: ptr.To(int64(tokenSeconds)), Path: "token",
		},
	}}}}
}

func (c *Controller) placement(profile *v1alpha1.Profile) (map[string]string, []corev1.Toleration) {
	selector := map[string]string{}
	var tolerations []corev1.Toleration
	if c.opts.Placement == v1alpha1.PlacementRequired {
		selector[v1alpha1.LabelSubcluster] = "job"
		tolerations = append(tolerations, corev1.Toleration{
			Key: v1alpha1.LabelSubcluster, Operator: corev1.TolerationOpEqual, Value: "job", Effect: corev1.TaintEffectNoSchedule,
		})
	}
	if profile.Spec.NodePool == nil {
		return selector, tolerations
	}
	for key, value := range profile.Spec.NodePool.NodeSelector {
		selector[key] = value
	}
	for _, t := range profile.Spec.NodePool.Tolerations {
		operator := corev1.TolerationOpEqual
		if t.Value == "" {
			operator = corev1.TolerationOpExists
		}
		tolerations = append(tolerations, corev1.Toleration{Key: t.Key, Operator: operator, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
	}
	return selector, tolerations
}

// environment is the profile's, with what names the run. Values are literal.
func environment(profile *v1alpha1.Profile, run *v1alpha1.Run, t *v1alpha1.TaskStatus) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: "HOME", Value: runner.Home},
		{Name: "ATOLL_WORKSPACE", Value: workspaceOf(run)},
		{Name: "ATOLL_SCHEDULE", Value: run.Spec.Schedule},
		{Name: "ATOLL_RUN", Value: run.Name},
		{Name: "ATOLL_TASK", Value: t.Name},
		{Name: "ATOLL_ATTEMPT", Value: strconv.Itoa(int(t.Attempt))},
	}
	for _, e := range profile.Spec.Env {
		if !slices.ContainsFunc(env, func(own corev1.EnvVar) bool { return own.Name == e.Name }) {
			env = append(env, corev1.EnvVar{Name: e.Name, Value: literal(e.Value)})
		}
	}
	return env
}

// literal keeps Kubernetes from replacing what looks like a reference to a variable.
func literal(text string) string { return strings.ReplaceAll(text, "$(", "$$(") }

func resources(size v1alpha1.Size) corev1.ResourceRequirements {
	r := corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: size.CPU.Guarantee, corev1.ResourceMemory: size.Memory.Guarantee},
		Limits:   corev1.ResourceList{corev1.ResourceCPU: size.CPU.Limit, corev1.ResourceMemory: size.Memory.Limit},
	}
	if size.GPU != nil {
		count := *resource.NewQuantity(int64(size.GPU.Count), resource.DecimalSI)
		r.Requests[corev1.ResourceName(size.GPU.Resource)] = count
		r.Limits[corev1.ResourceName(size.GPU.Resource)] = count
	}
	return r
}

func restricted(readOnly bool) *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false),
		ReadOnlyRootFilesystem:   ptr.To(readOnly),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

// home is the owner's where the notebook comes from it, and an empty folder otherwise.
func home(task v1alpha1.Task, owner string) corev1.VolumeSource {
	if task.Notebook.Home == "" {
		return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	}
	return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: person.Home(owner)}}
}

func sourceOf(n v1alpha1.Notebook) string {
	switch {
	case n.Git != nil:
		return fmt.Sprintf("%s of %s at %s", n.Git.Path, n.Git.Repository, n.Git.Ref)
	case n.Object != "":
		return "object " + n.Object
	}
	return n.Home + " in the owner's home"
}

// workspaceOf is the workspace whose namespace a run is in.
func workspaceOf(run *v1alpha1.Run) string {
	return strings.TrimPrefix(run.Namespace, v1alpha1.WorkspaceNamespacePrefix)
}
