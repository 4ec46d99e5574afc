package component

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/helm"
)

// The node ports that people reach, as the charts have them.
const (
	HubNodePort      = 30080
	IdentityNodePort = 30081
)

// Names of what the charts read and the installer generates.
const (
	OIDCSecret    = "atoll-oidc"
	OIDCSecretKey = "client-secret"
	realmPath     = "/realms/atoll"
)

// Inputs are what values are computed from. They are computed from nothing else, each time anew.
type Inputs struct {
	Platform *v1alpha1.Platform
	// Version is the tag of the platform's images where platform.yaml names none.
	Version  string
	Detected Detected
}

// Detected is what the cluster told.
type Detected struct {
	// Host is an address of a node, for node ports.
	Host string
}

// ValuesFor lays the layers on each other, the later winning: the platform's globals with what was
// detected, the component's own, and what platform.yaml gives the component. The chart's defaults
// are below them all and are Helm's to add.
func (c Component) ValuesFor(in Inputs) (map[string]any, error) {
	values := map[string]any{"global": globals(in)}
	if c.Values != nil {
		values = helm.Merge(values, c.Values(in))
	}
	over, err := c.overrideValues(in.Platform.Spec)
	if err != nil {
		return nil, err
	}
	return helm.Merge(values, over), nil
}

func (c Component) overrideValues(spec v1alpha1.PlatformSpec) (map[string]any, error) {
	raw := c.override(spec).Values
	if raw == nil || len(raw.Raw) == 0 {
		return nil, nil
	}
	values := map[string]any{}
	if err := json.Unmarshal(raw.Raw, &values); err != nil {
		return nil, fmt.Errorf("reading the values of component %s in platform.yaml: %w", c.Name, err)
	}
	return values, nil
}

func globals(in Inputs) map[string]any {
	spec := in.Platform.Spec
	scopes := []any{}
	for _, s := range spec.Identity.Scopes {
		scopes = append(scopes, s)
	}
	return map[string]any{
		"platform":         in.Platform.Name,
		"registry":         spec.Images.Registry,
		"version":          ImageVersion(in),
		"placement":        string(spec.Placement),
		"highAvailability": spec.Availability == v1alpha1.AvailabilityHigh,
		"storageClass":     spec.StorageClassName,
		"access": map[string]any{
			"type": string(spec.Access.Type),
			"host": host(in),
		},
		"hub": map[string]any{"url": HubURL(in)},
		"oidc": map[string]any{
			"issuer":          Issuer(in),
			"clientID":        spec.Identity.ClientID,
			"groupsClaim":     spec.Identity.GroupsClaim,
			"usernameClaim":   spec.Identity.UsernameClaim,
			"scopes":          scopes,
			"clientSecretRef": map[string]any{"name": OIDCSecret, "key": OIDCSecretKey},
		},
	}
}

// ImageVersion is the tag of the platform's images.
func ImageVersion(in Inputs) string {
	if v := in.Platform.Spec.Images.Version; v != "" {
		return v
	}
	return in.Version
}

// HubURL is where people reach the hub.
func HubURL(in Inputs) string {
	if u := in.Platform.Spec.Access.HubURL; u != "" {
		return u
	}
	return nodePortURL(in, "hub", HubNodePort)
}

// Issuer is the OIDC provider that people sign in at.
func Issuer(in Inputs) string {
	switch spec := in.Platform.Spec; {
	case spec.Identity.Issuer != "":
		return spec.Identity.Issuer
	case spec.Access.IdentityURL != "":
		return spec.Access.IdentityURL + realmPath
	}
	return nodePortURL(in, "identity", IdentityNodePort) + realmPath
}

// nodePortURL takes the port from platform.yaml where its values for the component set another.
func nodePortURL(in Inputs, component string, port int64) string {
	for _, o := range in.Platform.Spec.Components {
		if o.Name != component || o.Values == nil {
			continue
		}
		var values struct {
			Service struct {
				NodePort int64 `json:"nodePort"`
			} `json:"service"`
		}
		if err := json.Unmarshal(o.Values.Raw, &values); err == nil && values.Service.NodePort != 0 {
			port = values.Service.NodePort
		}
	}
	return "http://" + net.JoinHostPort(host(in), strconv.FormatInt(port, 10))
}

func host(in Inputs) string {
	if h := in.Platform.Spec.Access.Host; h != "" {
		return h
	}
	return in.Detected.Host
}
