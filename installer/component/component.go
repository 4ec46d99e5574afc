// Package component says what a platform is made of: which components there are, in which
// subcluster, from which chart, in which order, and with which values.
package component

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/helm"
)

// Component is one Helm release of the platform.
type Component struct {
	// Name is also the name of the release.
	Name       string
	Subcluster string
	// Chart is the folder of its chart among the embedded ones.
	Chart string
	// Needs are the components that must be ready before it is installed.
	Needs []string
	// Optional components are left out unless platform.yaml lists them.
	Optional bool
	// Unless tells why a platform does without it; empty means that it is wanted.
	Unless func(v1alpha1.PlatformSpec) string
	// Values are what the platform sets for it beside the globals; they may be nil.
	Values func(Inputs) map[string]any
}

// Namespace is where the component's release and objects are.
func (c Component) Namespace() string { return Namespace(c.Subcluster) }

// Namespace is the namespace of a subcluster.
func Namespace(subcluster string) string { return "atoll-" + subcluster }

// Foundation is the release that every other of its subcluster stands on.
func Foundation(subcluster string) Component {
	return Component{
		Name:       subcluster + "-foundation",
		Subcluster: subcluster,
		Chart:      subcluster + "/foundation",
	}
}

// Foundations are the foundations of all subclusters.
func Foundations() []Component {
	out := make([]Component, 0, len(Subclusters))
	for _, s := range Subclusters {
		out = append(out, Foundation(s))
	}
	return out
}

// Names lists what spec.components of platform.yaml may name.
func Names() []string {
	var names []string
	for _, c := range slices.Concat(Foundations(), Catalog) {
		names = append(names, c.Name)
	}
	return names
}

// override is what platform.yaml says about the component.
func (c Component) override(spec v1alpha1.PlatformSpec) v1alpha1.Component {
	for _, o := range spec.Components {
		if o.Name == c.Name {
			return o
		}
	}
	return v1alpha1.Component{Name: c.Name, State: v1alpha1.ComponentEnabled}
}

// Disabled tells why the component is left out; empty means that it is in.
func (c Component) Disabled(spec v1alpha1.PlatformSpec) string {
	if c.override(spec).State == v1alpha1.ComponentDisabled {
		return "disabled in platform.yaml"
	}
	if c.Optional && !slices.ContainsFunc(spec.Components, func(o v1alpha1.Component) bool { return o.Name == c.Name }) {
		return "not asked for in platform.yaml"
	}
	if c.Unless != nil {
		return c.Unless(spec)
	}
	return ""
}

// Source is the chart that platform.yaml puts in place of the embedded one, if it does.
func (c Component) Source(spec v1alpha1.PlatformSpec) (helm.Source, bool) {
	o := c.override(spec)
	if o.Chart == nil {
		return helm.Source{}, false
	}
	name := o.Chart.Name
	if name == "" {
		name = c.Name
	}
	return helm.Source{Repo: o.Chart.Repo, Name: name, Version: o.Chart.Version, Digest: o.Chart.Digest}, true
}

// Embedded loads the component's own chart.
func (c Component) Embedded(fsys fs.FS) (*helm.Chart, error) {
	chart, err := helm.LoadFS(fsys, c.Chart, "lib")
	if err != nil {
		return nil, fmt.Errorf("component %s: %w", c.Name, err)
	}
	return chart, nil
}
