package provider

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/atoll-platform/atoll/internal/eks"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// fieldManager is the name under which fields are owned. It may never change: another name would be
// another owner of everything that exists.
const fieldManager = "terraform-provider-atoll"

// Configure prepares the connection and makes no request: the cluster may not exist yet.
func (p *atoll) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c config
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if unknown := c.unknown(ctx); unknown != "" && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	p.connect = c.connect()
	resp.ResourceData, resp.DataSourceData = p.connect, p.connect
	resp.ListResourceData, resp.ActionData, resp.EphemeralResourceData = p.connect, p.connect, p.connect
}

// unknown names the first attribute whose value is not known before apply.
func (c config) unknown(ctx context.Context) string {
	for _, s := range []setting{
		{"kubeconfig", c.Kubeconfig},
		{"context", c.Context},
		{"host", c.Host},
		{"token", c.Token},
		{"cluster_ca_certificate", c.CA},
		{"exec", c.Exec},
		{"eks", c.EKS},
	} {
		if v, err := s.value.ToTerraformValue(ctx); err != nil || !v.IsFullyKnown() {
			return s.name
		}
	}
	return ""
}

// connect returns the run's one client, made at the first request. A failure is tried again.
func (c config) connect() managed.Connect {
	var mu sync.Mutex
	var client *kube.Client
	return func(ctx context.Context) (*kube.Client, error) {
		mu.Lock()
		defer mu.Unlock()
		if client != nil {
			return client, nil
		}
		if name := c.unknown(ctx); name != "" {
			return nil, fmt.Errorf("the provider's %s is not known until apply, and there is no other cluster to fall back to: "+
				"apply what it comes from first (terraform apply -target=...), or plan with -refresh=false", name)
		}
		cluster, err := c.cluster(ctx)
		if err != nil {
			return nil, err
		}
		rest, err := cluster.REST()
		if errors.Is(err, kube.ErrNoCluster) {
			return nil, errors.New("no cluster is configured: set kubeconfig, host or eks in the provider block, " +
				"or the environment variable KUBE_CONFIG_PATH or KUBECONFIG")
		}
		if err != nil {
			return nil, err
		}
		client, err = kube.New(rest, fieldManager)
		return client, err
	}
}

// cluster turns the configuration into one of the core.
func (c config) cluster(ctx context.Context) (kube.Config, error) {
	switch {
	case !c.EKS.IsNull():
		var e eksConfig
		if diags := c.EKS.As(ctx, &e, basetypes.ObjectAsOptions{}); diags.HasError() {
			return kube.Config{}, fmt.Errorf("eks: %s", diags.Errors()[0].Detail())
		}
		found, err := eks.Find(ctx, e.ClusterName.ValueString(), e.Region.ValueString())
		if err != nil {
			return kube.Config{}, err
		}
		return kube.Config{Host: found.Endpoint, CA: found.CA, Wrap: found.Wrap}, nil
	case !c.Host.IsNull():
		out := kube.Config{Host: c.Host.ValueString(), Token: c.Token.ValueString(), CA: c.CA.ValueString()}
		if c.Exec.IsNull() {
			return out, nil
		}
		var e execConfig
		if diags := c.Exec.As(ctx, &e, basetypes.ObjectAsOptions{}); diags.HasError() {
			return kube.Config{}, fmt.Errorf("exec: %s", diags.Errors()[0].Detail())
		}
		out.Exec = &kube.Exec{APIVersion: execAPIVersion, Command: e.Command.ValueString(), Args: e.Args, Env: e.Env}
		if v := e.APIVersion.ValueString(); v != "" {
			out.Exec.APIVersion = v
		}
		return out, nil
	}
	return c.kubeconfig()
}

// kubeconfig reads the attributes, and the environment for those that are not set.
func (c config) kubeconfig() (kube.Config, error) {
	files := c.Kubeconfig.ValueString()
	for _, variable := range []string{"KUBE_CONFIG_PATH", "KUBECONFIG"} {
		if files == "" {
			files = os.Getenv(variable)
		}
	}
	out := kube.Config{Context: c.Context.ValueString()}
	if out.Context == "" {
		out.Context = os.Getenv("KUBE_CTX")
	}
	for _, file := range filepath.SplitList(files) {
		if rest, ok := strings.CutPrefix(file, "~/"); ok {
			home, err := os.UserHomeDir()
			if err != nil {
				return kube.Config{}, fmt.Errorf("finding the home directory for kubeconfig %s: %w", file, err)
			}
			file = filepath.Join(home, rest)
		}
		out.Kubeconfig = append(out.Kubeconfig, file)
	}
	return out, nil
}

// certificate refuses text that is no PEM.
type certificate struct{}

func (certificate) Description(context.Context) string {
	return "must be a PEM certificate, starting with -----BEGIN CERTIFICATE-----"
}

func (c certificate) MarkdownDescription(ctx context.Context) string { return c.Description(ctx) }

func (c certificate) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	block, _ := pem.Decode([]byte(req.ConfigValue.ValueString()))
	if block == nil || block.Type != "CERTIFICATE" {
		resp.Diagnostics.AddAttributeError(req.Path, req.Path.String()+" is not a certificate",
			req.Path.String()+" "+c.Description(ctx)+". It is text, not a path, and not base64: use file(...) or base64decode(...).")
	}
}
