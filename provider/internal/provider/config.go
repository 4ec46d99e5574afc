package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type config struct {
	Kubeconfig types.String `tfsdk:"kubeconfig"`
	Context    types.String `tfsdk:"context"`
	Host       types.String `tfsdk:"host"`
	Token      types.String `tfsdk:"token"`
	CA         types.String `tfsdk:"cluster_ca_certificate"`
	Exec       types.Object `tfsdk:"exec"`
	EKS        types.Object `tfsdk:"eks"`
}

type execConfig struct {
	APIVersion types.String      `tfsdk:"api_version"`
	Command    types.String      `tfsdk:"command"`
	Args       []string          `tfsdk:"args"`
	Env        map[string]string `tfsdk:"env"`
}

type eksConfig struct {
	ClusterName types.String `tfsdk:"cluster_name"`
	Region      types.String `tfsdk:"region"`
}

const execAPIVersion = "client.authentication.k8s.io/v1"

var hostPattern = regexp.MustCompile(`^https?://[^\s/]+`)

// Schema returns the provider's configuration.
func (*atoll) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Workspaces and profiles of an [Atoll](https://github.com/atoll-platform/atoll) platform. " +
			"The cluster is named in one of three ways: by `kubeconfig`, by `host`, or by `eks`. " +
			"Where none is configured, the environment variables `KUBE_CONFIG_PATH` or `KUBECONFIG` name the kubeconfig, and `KUBE_CTX` its context; there is no other fallback.",
		Attributes: map[string]schema.Attribute{
			"kubeconfig": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Path of a kubeconfig, or several as in `KUBECONFIG`. A leading `~` is the home directory.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"context": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Context in the kubeconfig; its current context where it is not set. Environment: `KUBE_CTX`.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"host": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "URL of the API server, such as `https://10.0.0.1:6443`.",
				Validators:          []validator.String{stringvalidator.RegexMatches(hostPattern, `must be a URL such as "https://10.0.0.1:6443"`)},
			},
			"token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Bearer token for `host`.",
			},
			"cluster_ca_certificate": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PEM of the authority that signed the certificate of `host`; the system's authorities where it is not set.",
				Validators:          []validator.String{certificate{}},
			},
			"exec": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Command that prints credentials for `host`, as in a kubeconfig.",
				Attributes: map[string]schema.Attribute{
					"api_version": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "Version of the answer, `client.authentication.k8s.io/v1` by default.",
						Validators:          []validator.String{stringvalidator.OneOf(execAPIVersion, "client.authentication.k8s.io/v1beta1")},
					},
					"command": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Program to run.",
						Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
					},
					"args": schema.ListAttribute{
						Optional:            true,
						ElementType:         types.StringType,
						MarkdownDescription: "Arguments of the program.",
					},
					"env": schema.MapAttribute{
						Optional:            true,
						ElementType:         types.StringType,
						MarkdownDescription: "Environment variables of the program, added to the provider's own.",
					},
				},
			},
			"eks": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "EKS cluster. Its endpoint is looked up and its tokens are signed and renewed with the AWS credentials of the environment (`eks:DescribeCluster` is needed); " +
					"neither the AWS command line nor a kubeconfig is.",
				Attributes: map[string]schema.Attribute{
					"cluster_name": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Name of the cluster.",
						Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[0-9A-Za-z][-_0-9A-Za-z]{0,99}$`),
							"must be the name of an EKS cluster: 1 to 100 letters, digits, '-' and '_'")},
					},
					"region": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "AWS region of the cluster, such as `eu-central-1`.",
						Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`),
							`must be an AWS region such as "eu-central-1"`)},
					},
				},
			},
		},
	}
}

// ValidateConfig refuses attributes that contradict each other. Unknown ones count as set.
func (*atoll) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var c config
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(c.contradictions()...)
	}
}

type setting struct {
	name  string
	value attr.Value
}

func (c config) contradictions() diag.Diagnostics {
	var diags diag.Diagnostics
	ways := []setting{{"kubeconfig", c.Kubeconfig}, {"host", c.Host}, {"eks", c.EKS}}
	way := ""
	for _, s := range ways {
		if s.value.IsNull() {
			continue
		}
		if way != "" {
			diags.AddAttributeError(path.Root(s.name), fmt.Sprintf("%s and %s contradict each other", way, s.name),
				"Each names a cluster. Set one of kubeconfig, host and eks.")
			continue
		}
		way = s.name
	}
	for _, s := range []setting{{"token", c.Token}, {"cluster_ca_certificate", c.CA}, {"exec", c.Exec}} {
		if !s.value.IsNull() && c.Host.IsNull() {
			diags.AddAttributeError(path.Root(s.name), s.name+" needs host",
				fmt.Sprintf("%s belongs to a cluster that is named by host; a kubeconfig and eks bring their own.", s.name))
		}
	}
	if !c.Token.IsNull() && !c.Exec.IsNull() {
		diags.AddAttributeError(path.Root("exec"), "token and exec contradict each other", "Each gives credentials for host. Set one of them.")
	}
	if !c.Context.IsNull() && (!c.Host.IsNull() || !c.EKS.IsNull()) {
		diags.AddAttributeError(path.Root("context"), "context needs a kubeconfig",
			"context chooses one of a kubeconfig's contexts; it says nothing beside "+way+".")
	}
	return diags
}
