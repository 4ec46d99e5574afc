package health

import "time"

// patience says how long a reason may last before it counts as final, for those reasons that do
// not go away by waiting. A short patience forgives an object that comes a moment later.
var patience = map[string]time.Duration{
	"ErrImageNeverPull":          0,
	"InvalidImageName":           0,
	"CreateContainerConfigError": 10 * time.Second,
	"CreateContainerError":       20 * time.Second,
	"RunContainerError":          20 * time.Second,
	"ErrImagePull":               20 * time.Second,
	"ImagePullBackOff":           20 * time.Second,
	"FailedCreate":               20 * time.Second,
}

// crashes is how many restarts make a crash loop final.
const crashes = 3

// next is what to do about a reason.
var next = map[string]string{
	"ErrImageNeverPull":          "load the image onto the node, or correct images.registry and images.version in platform.yaml",
	"InvalidImageName":           "correct images.registry and images.version in platform.yaml",
	"ErrImagePull":               "see that the image exists and that the node can pull it; images.registry and images.version in platform.yaml name it",
	"ImagePullBackOff":           "see that the image exists and that the node can pull it; images.registry and images.version in platform.yaml name it",
	"CreateContainerConfigError": "see that the Secret or ConfigMap named in the reason exists and has the key",
	"CrashLoopBackOff":           "read the log lines above for the cause, and correct the component's values in platform.yaml",
	"Unschedulable":              "add nodes or free what is used; with placement Required the subcluster's nodes need the label and taint atoll.dev/subcluster",
	"FailedCreate":               "read the message above: a quota or a policy of the namespace refuses the pod",
	"NotReady":                   "read the log lines above; if it is only slow, run the same command again with a longer --timeout",
	"OOMKilled":                  "raise resources.limits.memory in the component's values in platform.yaml",
}

// tracker remembers since when a pod has been in trouble.
type tracker struct {
	now   func() time.Time
	since map[string]time.Time
}

func newTracker() *tracker {
	return &tracker{now: time.Now, since: map[string]time.Time{}}
}

// final returns the first of list that waiting will not mend.
func (t *tracker) final(list []trouble) (trouble, bool) {
	seen := map[string]time.Time{}
	defer func() { t.since = seen }()
	var worst trouble
	var found bool
	for _, item := range list {
		key := string(item.pod.UID) + "/" + item.container + "/" + family(item.reason)
		first, ok := t.since[key]
		if !ok {
			first = t.now()
		}
		seen[key] = first
		limit, known := patience[item.reason]
		lasted := known && t.now().Sub(first) >= limit
		looping := item.reason == "CrashLoopBackOff" && item.restarts >= crashes
		if !found && (lasted || looping) {
			worst, found = item, true
		}
	}
	return worst, found
}

// family puts reasons together that take turns.
func family(reason string) string {
	if reason == "ErrImagePull" || reason == "ImagePullBackOff" {
		return "image"
	}
	return reason
}
