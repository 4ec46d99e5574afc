package phase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/health"
	"github.com/atoll-platform/atoll/installer/progress"
	"github.com/atoll-platform/atoll/internal/helm"
)

// Action is what was done about a release.
type Action string

// The actions.
const (
	Installed Action = "installed"
	Upgraded  Action = "upgraded"
	Unchanged Action = "unchanged"
	Repaired  Action = "repaired"
	Removed   Action = "removed"
)

// ReleaseResult is what came of one release.
type ReleaseResult struct {
	Name      string          `json:"name"`
	Namespace string          `json:"namespace"`
	Action    Action          `json:"action,omitempty"`
	Revision  int             `json:"revision,omitempty"`
	Seconds   float64         `json:"seconds"`
	Drift     []string        `json:"drift,omitempty"`
	Failure   *health.Failure `json:"failure,omitempty"`
	Error     string          `json:"error,omitempty"`
}

// foundations brings up what every subcluster stands on.
func foundations(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	return s.releases(ctx, component.Foundations())
}

// components brings up the components in the order of their needs, each ready before the next.
func components(ctx context.Context, s *State, step *progress.Step) (string, error) {
	outcome, err := s.releases(ctx, s.Catalog)
	if err != nil {
		return "", err
	}
	removed, err := s.removeDisabled(ctx, step)
	if err != nil || removed == 0 {
		return outcome, err
	}
	return fmt.Sprintf("%s, %d %s", outcome, removed, Removed), nil
}

// removeDisabled uninstalls the components that platform.yaml does not want any more. Their
// volumes stay.
func (s *State) removeDisabled(ctx context.Context, step *progress.Step) (int, error) {
	removed := 0
	for _, c := range slices.Backward(s.Catalog) {
		if c.Disabled(s.Platform.Spec) == "" {
			continue
		}
		rel, err := s.Helm.Get(c.Namespace(), c.Name)
		if err != nil {
			return removed, err
		}
		if rel == nil {
			continue
		}
		step.Doing("removing " + c.Name)
		if err := s.Helm.Uninstall(ctx, c.Namespace(), c.Name, s.Timeout); err != nil {
			return removed, err
		}
		s.Result.Releases = append(s.Result.Releases, ReleaseResult{Name: c.Name, Namespace: c.Namespace(), Action: Removed})
		s.Result.Changed = true
		removed++
	}
	return removed, nil
}

func (s *State) releases(ctx context.Context, list []component.Component) (string, error) {
	list = s.enabled(list)
	var mu sync.Mutex
	count := map[Action]int{}
	err := component.Run(ctx, list, s.Parallelism, func(ctx context.Context, c component.Component) error {
		r, err := s.release(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		count[r.Action]++
		s.Result.Releases = append(s.Result.Releases, r)
		s.Result.Changed = s.Result.Changed || r.Action != Unchanged
		return err
	})
	var parts []string
	for _, a := range []Action{Installed, Upgraded, Repaired, Unchanged} {
		if count[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[a], a))
		}
	}
	if err != nil {
		return "", err
	}
	return strings.Join(parts, ", "), nil
}

// release brings one release to what is wanted and waits until it is ready.
func (s *State) release(ctx context.Context, c component.Component) (ReleaseResult, error) {
	step := s.Progress.Start(c.Name)
	out := ReleaseResult{Name: c.Name, Namespace: c.Namespace()}
	rel, err := s.settle(ctx, c, &out, step)
	if err == nil {
		var objs []*unstructured.Unstructured
		objs, err = health.Parse(rel.Manifest)
		if err == nil {
			waiter := health.Waiter{Cluster: s.Cluster, Poll: s.Poll, Timeout: s.Timeout}
			err = waiter.Wait(ctx, c.Name, c.Namespace(), objs, step.Doing)
		}
	}
	if err != nil {
		err = fmt.Errorf("component %s: %w", c.Name, err)
		_ = errors.As(err, &out.Failure)
		out.Error = err.Error()
		out.Seconds = step.Failed(summarize(err)).Seconds()
		return out, err
	}
	outcome := fmt.Sprintf("%s, revision %d", out.Action, out.Revision)
	if len(out.Drift) > 0 {
		outcome += ": " + strings.Join(out.Drift, "; ")
	}
	out.Seconds = step.Done(outcome).Seconds()
	return out, nil
}

// settle reads the state first and then chooses one action from it.
func (s *State) settle(ctx context.Context, c component.Component, out *ReleaseResult, step *progress.Step) (*helm.Release, error) {
	req, err := s.request(c, s.Inputs())
	if err != nil {
		return nil, err
	}
	digest, err := s.Helm.Digest(req)
	if err != nil {
		return nil, err
	}
	last, err := s.Helm.Get(req.Namespace, req.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case last == nil:
		out.Action = Installed
		step.Doing("installing")
	case last.Status == helm.Pending:
		out.Action = Upgraded
		step.Doing("taking over an interrupted run")
		if err := s.Helm.Unlock(req.Namespace, req.Name); err != nil {
			return nil, err
		}
	case last.Status == helm.Deployed && last.Digest == digest:
		step.Doing("comparing with the cluster")
		if out.Drift, err = s.drift(ctx, last); err != nil {
			return nil, err
		}
		if len(out.Drift) == 0 {
			out.Action, out.Revision = Unchanged, last.Revision
			return last, nil
		}
		out.Action = Repaired
		step.Doing("repairing")
	default:
		out.Action = Upgraded
		step.Doing("upgrading")
	}
	rel, err := s.Helm.Apply(ctx, req)
	if err != nil {
		return nil, err
	}
	out.Revision = rel.Revision
	return rel, nil
}

func (s *State) drift(ctx context.Context, rel *helm.Release) ([]string, error) {
	objs, err := health.Parse(rel.Manifest)
	if err != nil {
		return nil, err
	}
	return health.Drift(ctx, s.Cluster, objs, rel.Namespace)
}

// summarize says in one line what the whole explanation, printed at the end, says in many.
func summarize(err error) string {
	var f *health.Failure
	if errors.As(err, &f) {
		text := f.Object
		if f.Pod != "" {
			text += ": pod " + f.Pod
		}
		return text + ": " + strings.TrimPrefix(f.Reason+": "+f.Message, ": ")
	}
	return err.Error()
}
