package workspace

import (
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int32validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int32default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

var (
	noSpace           = regexp.MustCompile(`^\S*$`)
	costCenterPattern = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`)
)

// The defaults of the CRD. A test holds them equal.
const (
	defaultHomeSize  = "10Gi"
	defaultIdleAfter = time.Hour
	defaultMaxHold   = 24 * time.Hour
	defaultServers   = 10
)

func attributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"display_name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name that people see, 1 to 63 characters.",
			Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 63)},
		},
		"owner": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "User name of the person who answers for the workspace; the owner has the role Owner.",
			Validators:          personName(),
		},
		"members": schema.SetNestedAttribute{
			Optional:            true,
			MarkdownDescription: "People and groups who may use the workspace, besides the owner; at most 500. Each kind and name stands once.",
			NestedObject:        schema.NestedAttributeObject{Attributes: memberAttributes()},
			Validators:          []validator.Set{setvalidator.SizeAtMost(500), uniqueMembers{}},
			PlanModifiers:       []planmodifier.Set{memberDefaults{}},
		},
		"profiles": schema.SetAttribute{
			Required:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Names of the profiles that servers and schedules of this workspace may use, 1 to 50.",
			Validators: []validator.Set{
				setvalidator.SizeBetween(1, 50),
				setvalidator.NoNullValues(),
				setvalidator.ValueStringsAre(managed.ObjectName()...),
			},
		},
		"quota": schema.SingleNestedAttribute{
			Required:            true,
			MarkdownDescription: "What all servers and runs of the workspace may use together.",
			Attributes:          quotaAttributes(),
		},
		"home": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Storage that each person finds again at every start.",
			Attributes:          homeAttributes(),
			Default: objectdefault.StaticValue(types.ObjectValueMust(
				map[string]attr.Type{"size": units.QuantityType{}, "storage_class_name": types.StringType},
				map[string]attr.Value{"size": units.NewQuantity(defaultHomeSize), "storage_class_name": types.StringNull()},
			)),
		},
		"backup": backup(),
		"culling": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "When an idle server is stopped.",
			Attributes:          cullingAttributes(),
			Default: objectdefault.StaticValue(types.ObjectValueMust(
				map[string]attr.Type{"idle_after": units.DurationType{}, "max_hold": units.DurationType{}},
				map[string]attr.Value{"idle_after": units.NewDuration(defaultIdleAfter), "max_hold": units.NewDuration(defaultMaxHold)},
			)),
		},
		"classification_ceiling": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Highest class of data that may be granted to the workspace: `C1` (public) to `C4` (secret). Default `C2`.",
			Default:             stringdefault.StaticString("C2"),
			Validators:          []validator.String{stringvalidator.OneOf("C1", "C2", "C3", "C4")},
		},
		"cost_center": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Copied to the namespace as the label `atoll.dev/cost-center`: up to 63 letters, digits, `-`, `_` and `.`.",
			Validators: []validator.String{
				stringvalidator.UTF8LengthAtMost(63),
				stringvalidator.RegexMatches(costCenterPattern, "must be letters, digits, '-', '_' and '.', starting and ending with a letter or digit"),
			},
		},
		"deletion_policy": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "What becomes of people's homes when the workspace is deleted: `Retain` (default) keeps them for a workspace of the same name, `Snapshot` keeps a last backup of each and deletes the rest, `Delete` deletes them.",
			Default:             stringdefault.StaticString(string(v1alpha1.DeletionRetain)),
			Validators: []validator.String{stringvalidator.OneOf(
				string(v1alpha1.DeletionRetain), string(v1alpha1.DeletionSnapshot), string(v1alpha1.DeletionDelete))},
		},
	}
}

func resourceSchema() schema.Schema {
	s := schema.Schema{
		MarkdownDescription: "A workspace is where a team works: a namespace with members, profiles, homes and a quota." +
			"\n\nIt is imported by its name: by `id`, or, from Terraform 1.12 and OpenTofu 1.12 on, by `identity = { name = \"...\" }`.",
		Attributes: attributes(),
	}
	s.Attributes["namespace"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "Namespace that holds the workspace's servers and homes.",
		PlanModifiers:       []planmodifier.String{managed.FromName(v1alpha1.WorkspaceNamespacePrefix)},
	}
	s.Attributes["hub_url"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "Where a member starts a server.",
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()},
	}
	return s
}

func personName() []validator.String {
	return []validator.String{
		stringvalidator.UTF8LengthBetween(1, 253),
		stringvalidator.RegexMatches(noSpace, "must not contain white space"),
	}
}

func memberAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"kind": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "`User` (default) for a person, `Group` for a group of the identity provider.",
			Validators:          []validator.String{stringvalidator.OneOf(string(v1alpha1.MemberUser), string(v1alpha1.MemberGroup))},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "User name or group name as the identity provider states it.",
			Validators:          personName(),
		},
		"role": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "`Owner` may do what a member may and stop others' servers, `Member` (default) may start servers, `Viewer` may see that the workspace and its servers exist.",
			Validators: []validator.String{stringvalidator.OneOf(
				string(v1alpha1.RoleOwner), string(v1alpha1.RoleMember), string(v1alpha1.RoleViewer))},
		},
	}
}

func quotaAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"cpu":     units.Required("Sum of the CPU limits of all pods, in cores, such as `8` or `500m`.", "8"),
		"memory":  units.Required("Sum of the memory limits of all pods, such as `16Gi`.", "16Gi"),
		"storage": units.Required("Sum of the sizes of all volume claims, homes included, such as `100Gi`.", "100Gi"),
		"gpus": schema.Int32Attribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Number of GPUs of all pods, 0 to 10000. Default 0.",
			Default:             int32default.StaticInt32(0),
			Validators:          []validator.Int32{int32validator.Between(0, 10000)},
		},
		"servers": schema.Int32Attribute{
			Optional: true, Computed: true,
			MarkdownDescription: "How many notebook servers may run at the same time, 1 to 10000. Default 10.",
			Default:             int32default.StaticInt32(defaultServers),
			Validators:          []validator.Int32{int32validator.Between(1, 10000)},
		},
	}
}

func homeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"size": schema.StringAttribute{
			Optional: true, Computed: true,
			CustomType:          units.QuantityType{},
			MarkdownDescription: "Size of each home, `10Gi` by default. It may grow where the storage class allows it, and never shrinks.",
			Default:             stringdefault.StaticString(defaultHomeSize),
			Validators:          []validator.String{units.Positive("10Gi")},
			PlanModifiers:       []planmodifier.String{units.SameQuantity()},
		},
		"storage_class_name": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Storage class of the homes; the platform's or the cluster's default where it is not set. It cannot be changed.",
			Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(253)},
		},
	}
}

func cullingAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"idle_after": schema.StringAttribute{
			Optional: true, Computed: true,
			CustomType:          units.DurationType{},
			MarkdownDescription: "How long a server may be idle before it is stopped, from `5m` to `168h`. Default `1h`.",
			Default:             stringdefault.StaticString(units.NewDuration(defaultIdleAfter).ValueString()),
			Validators:          []validator.String{units.Between(5*time.Minute, 168*time.Hour)},
			PlanModifiers:       []planmodifier.String{units.SameDuration()},
		},
		"max_hold": schema.StringAttribute{
			Optional: true, Computed: true,
			CustomType:          units.DurationType{},
			MarkdownDescription: "Longest time for which a person may hold an idle server, from `0s` (no holding) to `168h`. Default `24h`.",
			Default:             stringdefault.StaticString(units.NewDuration(defaultMaxHold).ValueString()),
			Validators:          []validator.String{units.Between(0, 168*time.Hour)},
			PlanModifiers:       []planmodifier.String{units.SameDuration()},
		},
	}
}
