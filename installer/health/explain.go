package health

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/atoll-platform/atoll/installer/cluster"
)

// logLines is how many of a container's last lines an explanation shows.
const logLines = 6

// explainTimeout bounds the requests of an explanation, which is made when time is already up.
const explainTimeout = 15 * time.Second

// explain tells all that is known of the object that keeps a release from being ready. t is what
// was found wrong with a pod, if anything was.
func explain(ctx context.Context, c *cluster.Cluster, state State, t *trouble) *Failure {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTimeout)
	defer cancel()
	f := &Failure{Object: cluster.Describe(state.Object), Status: strings.TrimSuffix(state.Reason, ".")}
	if t == nil {
		t = firstTrouble(ctx, c, state.Object)
	}
	if t == nil {
		f.Reason, f.Message = condition(state.Object)
		f.Event = lastEvent(ctx, c, state.Object.GetNamespace(), state.Object.GetName())
		f.Next = advice(f.Reason, "kubectl describe "+strings.ToLower(state.Object.GetKind())+" -n "+state.Object.GetNamespace()+" "+state.Object.GetName())
		return f
	}
	f.Pod, f.Container, f.Reason, f.Message = t.pod.Namespace+"/"+t.pod.Name, t.container, t.reason, t.message
	f.Event = lastEvent(ctx, c, t.pod.Namespace, t.pod.Name)
	if t.container != "" {
		f.Logs = logs(ctx, c, t)
	}
	f.Next = advice(t.reason, "kubectl describe pod -n "+t.pod.Namespace+" "+t.pod.Name)
	return f
}

func advice(reason, look string) string {
	if text, ok := next[reason]; ok {
		return text + "; look closer with `" + look + "`"
	}
	return "look closer with `" + look + "`"
}

// firstTrouble looks at the newest pods first, and at the older ones only when there is nothing.
func firstTrouble(ctx context.Context, c *cluster.Cluster, workload *unstructured.Unstructured) *trouble {
	for _, current := range []bool{true, false} {
		list, err := pods(ctx, c, workload, current)
		if err != nil {
			return nil
		}
		for _, pod := range list {
			if found := troubles(pod); len(found) > 0 {
				return &found[0]
			}
		}
	}
	return nil
}

// condition returns a workload's own complaint, such as that its pods are refused.
func condition(obj *unstructured.Unstructured) (reason, message string) {
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	for _, item := range conditions {
		cond, _ := item.(map[string]any)
		if cond["type"] == "ReplicaFailure" && cond["status"] == "True" {
			reason, _ = cond["reason"].(string)
			message, _ = cond["message"].(string)
		}
	}
	return reason, message
}

// lastEvent prefers the last warning, since what follows one is often only the retry.
func lastEvent(ctx context.Context, c *cluster.Cluster, namespace, name string) string {
	list, err := c.Typed.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("involvedObject.name", name).String(),
	})
	if err != nil || len(list.Items) == 0 {
		return ""
	}
	slices.SortStableFunc(list.Items, func(a, b corev1.Event) int { return eventTime(a).Compare(eventTime(b)) })
	last := list.Items[len(list.Items)-1]
	for _, e := range list.Items {
		if e.Type == corev1.EventTypeWarning {
			last = e
		}
	}
	return fmt.Sprintf("%s %s: %s", last.Type, last.Reason, strings.TrimSpace(last.Message))
}

func eventTime(e corev1.Event) time.Time {
	if !e.LastTimestamp.IsZero() {
		return e.LastTimestamp.Time
	}
	return e.EventTime.Time
}

func logs(ctx context.Context, c *cluster.Cluster, t *trouble) []string {
	opts := &corev1.PodLogOptions{Container: t.container, TailLines: new(int64(logLines)), Previous: t.crashed}
	data, err := c.Typed.CoreV1().Pods(t.pod.Namespace).GetLogs(t.pod.Name, opts).DoRaw(ctx)
	if err != nil {
		return nil
	}
	var out []string
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		out = append(out, scanner.Text())
	}
	return out
}

// Explain says in one line why an object is not ready.
func Explain(ctx context.Context, c *cluster.Cluster, s State) string {
	text := cluster.Describe(s.Object) + ": " + s.Reason
	t := firstTrouble(ctx, c, s.Object)
	if t == nil {
		if reason, message := condition(s.Object); reason != "" {
			text += "; " + reason + ": " + message
		}
		return text
	}
	text += "; pod " + t.pod.Name
	if t.container != "" {
		text += ", container " + t.container
	}
	return text + ": " + strings.TrimSuffix(t.reason+": "+t.message, ": ")
}
