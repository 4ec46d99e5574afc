package backup

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const (
	// Component is the value of the label atoll.dev/component on the pods of backups.
	Component = "backup"

	// uid and gid are those of servers and runs, to whom the files of a home belong. The kubelet gives a volume to the
	// group of whatever pod mounts it: another one's would take the home from a server that runs.
	uid, gid = 1000, 100
	// where a home is mounted.
	mountPath = "/home/atoll"
	// longest is how long a job may take; a large first copy takes hours.
	longest = 6 * time.Hour
	// shown is how long a finished job stays to be looked at.
	shown = time.Hour
	// attempts after the first one.
	attempts = 2
)

// Home is whose files a job is about.
type Home struct {
	// Workspace and Claim name the home: the volume claim of the workspace's namespace.
	Workspace, Claim string
	// Node is the one that a running server holds the volume on; empty when no server runs.
	Node string
}

// Namespace of the home.
func (h Home) Namespace() string { return v1alpha1.WorkspaceNamespacePrefix + h.Workspace }

// Save is the job that copies a home as of a time and keeps the latest copies. The time is in its name, so that there
// is one job for each time.
func Save(s Store, h Home, at time.Time, keep int32) *batchv1.Job {
	job := s.job(h, SaveName(h.Claim, at), true, "save", at.UTC().Format(time.DateTime), strconv.Itoa(int(keep)))
	job.Spec.BackoffLimit = ptr.To[int32](attempts)
	return job
}

// SaveName is the name of the job that copies a home as of a time.
func SaveName(claim string, at time.Time) string {
	return fmt.Sprintf("save-%s-%d", strings.TrimPrefix(claim, "home-"), at.Unix())
}

// List is the job that prints the copies of a home as JSON.
func List(s Store, h Home, name string) *batchv1.Job { return s.job(h, name, true, "list") }

// Restore is the job that puts a path of a copy back into the home.
func Restore(s Store, h Home, name, id, path string) *batchv1.Job {
	return s.job(h, name, false, "restore", id, path)
}

func (s Store) job(h Home, name string, readOnly bool, args ...string) *batchv1.Job {
	labels := map[string]string{
		v1alpha1.LabelWorkspace:        h.Workspace,
		v1alpha1.LabelComponent:        Component,
		v1alpha1.LabelBackup:           args[0],
		"app.kubernetes.io/part-of":    "atoll",
		"app.kubernetes.io/managed-by": "atoll-operator",
	}
	pod := corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		AutomountServiceAccountToken: ptr.To(false),
		EnableServiceLinks:           ptr.To(false),
		PriorityClassName:            "atoll-job",
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:        ptr.To(true),
			RunAsUser:           ptr.To[int64](uid),
			RunAsGroup:          ptr.To[int64](gid),
			FSGroup:             ptr.To[int64](gid),
			FSGroupChangePolicy: ptr.To(corev1.FSGroupChangeOnRootMismatch),
			SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		// Where the volume is, whatever the node is for.
		Tolerations: []corev1.Toleration{{Key: v1alpha1.LabelSubcluster, Operator: corev1.TolerationOpExists}},
		Containers:  []corev1.Container{s.container(h, readOnly, args)},
		Volumes: []corev1.Volume{
			{Name: "home", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: h.Claim},
			}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}
	if h.Node != "" {
		pod.NodeSelector = map[string]string{corev1.LabelHostname: h.Node}
	}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Namespace:   h.Namespace(),
			Labels:      labels,
			Annotations: map[string]string{annotationClaim: h.Claim},
		},
		Spec: batchv1.JobSpec{
			BackoffLimit:            ptr.To[int32](0),
			ActiveDeadlineSeconds:   ptr.To(int64(longest.Seconds())),
			TTLSecondsAfterFinished: ptr.To(int32(shown.Seconds())),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       pod,
			},
		},
	}
}

func (s Store) container(h Home, readOnly bool, args []string) corev1.Container {
	secret := func(variable, key string) corev1.EnvVar {
		return corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: Secret}, Key: key,
		}}}
	}
	return corev1.Container{
		Name:            Component,
		Image:           s.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Args:            args,
		Env: []corev1.EnvVar{
			{Name: "RESTIC_REPOSITORY", Value: fmt.Sprintf("s3:%s/%s/%s", s.Endpoint, s.Bucket(h.Workspace), h.Claim)},
			{Name: "AWS_DEFAULT_REGION", Value: s.Region},
			secret("RESTIC_PASSWORD", KeyPassword),
			secret("AWS_ACCESS_KEY_ID", KeyAccessKey),
			secret("AWS_SECRET_ACCESS_KEY", KeySecretKey),
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("512Mi")},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false),
			ReadOnlyRootFilesystem:   ptr.To(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "home", MountPath: mountPath, ReadOnly: readOnly},
			{Name: "tmp", MountPath: "/tmp"},
		},
	}
}
