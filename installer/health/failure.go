package health

import (
	"fmt"
	"strings"
)

// Failure explains why a release is not ready.
type Failure struct {
	Release   string   `json:"release"`
	Namespace string   `json:"namespace"`
	Object    string   `json:"object"`
	Status    string   `json:"status"`
	Pod       string   `json:"pod,omitempty"`
	Container string   `json:"container,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Message   string   `json:"message,omitempty"`
	Event     string   `json:"event,omitempty"`
	Logs      []string `json:"logs,omitempty"`
	Next      string   `json:"next"`
	// TimedOut tells that waiting ended, and not that the state is final.
	TimedOut bool `json:"timedOut"`
}

// indent is the column in which the values of an explanation start.
const indent = 14

func (f *Failure) Error() string {
	var b strings.Builder
	why := "will not become ready"
	if f.TimedOut {
		why = "did not become ready in time"
	}
	fmt.Fprintf(&b, "release %s/%s %s", f.Namespace, f.Release, why)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\n  %-11s %s", name+":", value)
		}
	}
	row("object", f.Object+", "+f.Status)
	if f.Container != "" {
		row("pod", f.Pod+", container "+f.Container)
	} else {
		row("pod", f.Pod)
	}
	row("reason", strings.TrimSuffix(f.Reason+": "+f.Message, ": "))
	row("last event", f.Event)
	row("last log", strings.Join(f.Logs, "\n"+strings.Repeat(" ", indent)))
	row("next", f.Next)
	return b.String()
}
