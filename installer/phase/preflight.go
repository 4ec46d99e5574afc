package phase

import (
	"context"
	"fmt"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/check"
	"github.com/atoll-platform/atoll/installer/progress"
)

// preflight makes the checks: a failed one ends the run before anything is changed.
func preflight(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	access := s.Platform.Spec.Access
	if access.Type == v1alpha1.AccessNodePort && access.Host == "" && s.Detected.Host == "" {
		return "", fmt.Errorf("deriving the hub's address: no node has an internal address; set access.host in %s", s.File)
	}
	planned, err := s.planned()
	if err != nil {
		return "", err
	}
	subject := &check.Subject{Cluster: s.Cluster, Platform: s.Platform, Planned: planned}
	s.Result.Checks = check.Run(ctx, subject, check.All)
	for _, r := range s.Result.Checks {
		if r.Outcome == check.Warned {
			s.Progress.Warn(r.Category, r.Name+": "+r.Detail)
		}
	}
	if err := check.Err(s.Result.Checks); err != nil {
		return "", err
	}
	count := check.Count(s.Result.Checks)
	return fmt.Sprintf("%d passed, %d warned", count[check.Passed], count[check.Warned]), nil
}

// Check makes the checks alone, with platform.yaml where one is given.
func Check(ctx context.Context, s *State) ([]check.Result, error) {
	phases := []Phase{{"connect", connect}}
	if s.File != "" {
		phases = Preflight
	}
	if err := Run(ctx, s, phases); err != nil {
		return nil, err
	}
	subject := &check.Subject{Cluster: s.Cluster, Platform: s.Platform}
	if s.Platform != nil {
		planned, err := s.planned()
		if err != nil {
			return nil, err
		}
		subject.Planned = planned
	}
	return check.Run(ctx, subject, check.All), nil
}
