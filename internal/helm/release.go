package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// digestLabel keeps the digest of what a revision was made from.
const digestLabel = "atoll.dev/digest"

// Release is the newest revision of a release.
type Release struct {
	Name         string
	Namespace    string
	Revision     int
	Status       Status
	Description  string
	ChartName    string
	ChartVersion string
	AppVersion   string
	// Digest is what Client.Digest said when the revision was made; empty if it was made by somebody else.
	Digest   string
	Manifest string
	Updated  time.Time
}

// Status is where a release stands.
type Status string

// The states that callers tell apart.
const (
	Deployed Status = "deployed"
	Failed   Status = "failed"
	Pending  Status = "pending"
	Other    Status = "other"
)

// Request is the release that is wanted.
type Request struct {
	Name      string
	Namespace string
	Chart     *Chart
	// Values over the chart's defaults, complete: nothing is taken from the last revision.
	Values map[string]any
	// Timeout bounds the chart's hooks.
	Timeout time.Duration
}

// Get returns the newest revision of a release, or nil when there is none.
func (c *Client) Get(namespace, name string) (*Release, error) {
	cfg, err := c.configuration(namespace)
	if err != nil {
		return nil, err
	}
	last, err := cfg.Releases.Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading release %s/%s: %w", namespace, name, err)
	}
	return describe(last), nil
}

// Apply installs the release or upgrades it. It returns when the objects are written, not when
// they are ready. An action under way is finished even when ctx ends, so that no release is left
// half-recorded; ctx only keeps a new one from starting.
func (c *Client) Apply(ctx context.Context, req Request) (*Release, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	digest, err := c.Digest(req)
	if err != nil {
		return nil, err
	}
	chart, err := req.Chart.load()
	if err != nil {
		return nil, err
	}
	cfg, err := c.configuration(req.Namespace)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{digestLabel: digest}
	values := deepCopy(req.Values)

	_, err = cfg.Releases.Last(req.Name)
	var rel *release.Release
	switch {
	case errors.Is(err, driver.ErrReleaseNotFound):
		install := action.NewInstall(cfg)
		install.ReleaseName, install.Namespace = req.Name, req.Namespace
		install.Labels, install.Timeout, install.SkipCRDs, install.PostRenderer = labels, req.Timeout, true, keepData{}
		rel, err = install.RunWithContext(context.WithoutCancel(ctx), chart, values)
	case err == nil:
		upgrade := action.NewUpgrade(cfg)
		upgrade.Namespace, upgrade.MaxHistory = req.Namespace, maxHistory
		upgrade.Labels, upgrade.Timeout, upgrade.SkipCRDs, upgrade.PostRenderer = labels, req.Timeout, true, keepData{}
		upgrade.ResetValues = true
		rel, err = upgrade.RunWithContext(context.WithoutCancel(ctx), req.Name, chart, values)
	}
	if err != nil {
		return nil, fmt.Errorf("applying release %s/%s: %w", req.Namespace, req.Name, explain(err))
	}
	return describe(rel), nil
}

// Unlock records a release that was left pending as failed, so that it can be upgraded. Only
// whoever holds the platform's lease may call it: nothing else tells a dead action from a live one.
func (c *Client) Unlock(namespace, name string) error {
	cfg, err := c.configuration(namespace)
	if err != nil {
		return err
	}
	last, err := cfg.Releases.Last(name)
	if err != nil {
		return fmt.Errorf("unlocking release %s/%s: %w", namespace, name, err)
	}
	if !last.Info.Status.IsPending() {
		return nil
	}
	last.SetStatus(release.StatusFailed, "Interrupted, and taken over by a later run")
	if err := cfg.Releases.Update(last); err != nil {
		return fmt.Errorf("unlocking release %s/%s: %w", namespace, name, err)
	}
	return nil
}

// Uninstall removes a release and its history; none there is no error.
func (c *Client) Uninstall(ctx context.Context, namespace, name string, timeout time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cfg, err := c.configuration(namespace)
	if err != nil {
		return err
	}
	uninstall := action.NewUninstall(cfg)
	uninstall.Timeout, uninstall.IgnoreNotFound = timeout, true
	if _, err := uninstall.Run(name); err != nil {
		return fmt.Errorf("uninstalling release %s/%s: %w", namespace, name, err)
	}
	return nil
}

func describe(r *release.Release) *Release {
	out := &Release{
		Name:        r.Name,
		Namespace:   r.Namespace,
		Revision:    r.Version,
		Status:      status(r.Info.Status),
		Description: r.Info.Description,
		Digest:      r.Labels[digestLabel],
		Manifest:    r.Manifest,
		Updated:     r.Info.LastDeployed.Time,
	}
	if r.Chart != nil && r.Chart.Metadata != nil {
		out.ChartName, out.ChartVersion, out.AppVersion = r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Chart.Metadata.AppVersion
	}
	return out
}

func status(s release.Status) Status {
	switch {
	case s == release.StatusDeployed:
		return Deployed
	case s == release.StatusFailed:
		return Failed
	case s.IsPending():
		return Pending
	}
	return Other
}

// explain says what to do about the failures whose text alone does not.
func explain(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "must have at most 1048576 bytes"):
		return fmt.Errorf("the chart with its rendered objects is larger than the 1 MiB that a release's Secret can hold; use a smaller chart: %w", err)
	case strings.Contains(text, "cannot be imported into the current release"):
		return fmt.Errorf("an object of that name belongs to somebody else; remove or rename it, or disable the component: %w", err)
	case strings.Contains(text, "field is immutable"), strings.Contains(text, "may not be changed"), strings.Contains(text, "updates to statefulset spec"):
		return fmt.Errorf("a field that Kubernetes never changes would change; undo that value in platform.yaml, or remove the object named here if its data is not needed: %w", err)
	}
	return err
}

func deepCopy(values map[string]any) map[string]any {
	out := maps.Clone(values)
	for k, v := range out {
		out[k] = copyValue(v)
	}
	return out
}

func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return deepCopy(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = copyValue(v[i])
		}
		return out
	}
	return v
}
