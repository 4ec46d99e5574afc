// Package phase holds the steps of the installer, one a file. Bootstrap and Destroy list them in
// the order they are made.
package phase

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/check"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
	"github.com/atoll-platform/atoll/internal/helm"
)

// Phase is one step. What it returns is shown behind its name when it is done.
type Phase struct {
	Name string
	Run  func(context.Context, *State, *progress.Step) (string, error)
}

// Bootstrap lays a platform down.
var Bootstrap = []Phase{
	{"platform.yaml", load},
	{"connect", connect},
	{"check", preflight},
	{"lease", lease},
	{"resource definitions", definitions},
	{"namespaces", namespaces},
	{"secrets", secrets},
	{"foundations", foundations},
	{"components", components},
	{"record", writeRecord},
}

// Destroy takes a platform away, and keeps what people made.
var Destroy = []Phase{
	{"connect", connect},
	{"inventory", inventory},
	{"confirm", confirm},
	{"lease", lease},
	{"components", removeComponents},
	{"foundations", removeFoundations},
	{"namespaces", removeNamespaces},
	{"proof", proof},
}

// Preflight is what comes before the first change.
var Preflight = Bootstrap[:2]

// State is what the steps of one run work on and hand to each other.
type State struct {
	// File is the platform.yaml.
	File string
	// Connection says which cluster; Cluster is used instead when it is set.
	Connection cluster.Options
	Cluster    *cluster.Cluster
	// Charts are the embedded charts.
	Charts fs.FS
	// Catalog are the components there are.
	Catalog []component.Component
	// Version is the installer's own.
	Version     string
	Timeout     time.Duration
	Poll        time.Duration
	Parallelism int64
	Progress    *progress.Printer

	// DeleteData lets Destroy remove the platform's own volumes.
	DeleteData bool
	// Confirm asks a person before Destroy removes the platform of that name; what says what goes
	// and what stays.
	Confirm func(name, what string) error

	Platform *v1alpha1.Platform
	Helm     *helm.Client
	Detected component.Detected
	Result   Result

	charts   map[string]*helm.Chart
	left     Inventory
	cancel   context.CancelCauseFunc
	cleanups []func()
}

// Result is what came of a run.
type Result struct {
	Platform string          `json:"platform,omitempty"`
	Version  string          `json:"version"`
	Context  string          `json:"context,omitempty"`
	HubURL   string          `json:"hubURL,omitempty"`
	Issuer   string          `json:"issuer,omitempty"`
	Changed  bool            `json:"changed"`
	Seconds  float64         `json:"seconds"`
	Steps    []StepResult    `json:"steps"`
	Releases []ReleaseResult `json:"releases,omitempty"`
	Checks   []check.Result  `json:"checks,omitempty"`
	Removed  []string        `json:"removed,omitempty"`
	Kept     []string        `json:"kept,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// StepResult is how one step ended.
type StepResult struct {
	Name    string  `json:"name"`
	Outcome string  `json:"outcome"`
	Seconds float64 `json:"seconds"`
}

// Run makes the phases in order and ends at the first that fails. Cancelling ctx ends it after
// what is under way.
func Run(ctx context.Context, s *State, phases []Phase) error {
	started := time.Now()
	ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	defer s.cleanup()
	s.Result.Version = s.Version
	err := run(ctx, s, phases)
	s.Result.Seconds = time.Since(started).Seconds()
	if err != nil {
		s.Result.Error = err.Error()
	}
	return err
}

func run(ctx context.Context, s *State, phases []Phase) error {
	for _, p := range phases {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		step := s.Progress.Start(p.Name)
		outcome, err := p.Run(ctx, s, step)
		if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = errors.Join(err, context.Cause(ctx))
		}
		end, text := step.Done, outcome
		if err != nil {
			end, text = step.Failed, err.Error()
		}
		took := end(text)
		s.Result.Steps = append(s.Result.Steps, StepResult{Name: p.Name, Outcome: text, Seconds: took.Seconds()})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *State) cleanup() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
	s.cleanups = nil
}

// Inputs are what values are computed from.
func (s *State) Inputs() component.Inputs {
	return component.Inputs{Platform: s.Platform, Version: s.Version, Detected: s.Detected}
}

// request is the release that is wanted of a component.
func (s *State) request(c component.Component, in component.Inputs) (helm.Request, error) {
	values, err := c.ValuesFor(in)
	if err != nil {
		return helm.Request{}, err
	}
	return helm.Request{Name: c.Name, Namespace: c.Namespace(), Chart: s.charts[c.Name], Values: values, Timeout: s.Timeout}, nil
}

// enabled are the components of list that the platform has.
func (s *State) enabled(list []component.Component) []component.Component {
	var out []component.Component
	for _, c := range list {
		if c.Disabled(s.Platform.Spec) == "" {
			out = append(out, c)
		}
	}
	return out
}

// everything is all components there are, foundations first.
func (s *State) everything() []component.Component {
	return slices.Concat(component.Foundations(), s.Catalog)
}

// planned are the objects of each subcluster, rendered without a cluster.
func (s *State) planned() (map[string][]*unstructured.Unstructured, error) {
	return s.render(s.Inputs())
}
