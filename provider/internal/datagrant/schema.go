package datagrant

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

var (
	noSpace       = regexp.MustCompile(`^\S+$`)
	columnPattern = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*$`)
)

func resourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A data grant lets a person, a group or a workspace do something to a dataset for a while. Grants add up: one never takes anything away. " +
			"Access ends at `not_after` by itself, whatever runs or does not.\n\n" +
			"A grant never changes, since approvals speak of one fixed text: a change of anything but `approved_by`, `reviewed_by` and `revocation` shows as a replacement. " +
			"To have the new one in force before the old one ends, give it another name. To remove the resource ends the access, and shows in the plan as its destruction.\n\n" +
			"Who applies it needs the ClusterRole `atoll-grant-attestor`, which vouches for the people that are named.\n\n" +
			"It is imported by its name: by `id`, or, from Terraform 1.12 and OpenTofu 1.12 on, by `identity = { name = \"...\" }`.",
		Attributes: attributes(),
	}
}

func attributes() map[string]schema.Attribute {
	fixed := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"subject": schema.SingleNestedAttribute{
			Required:            true,
			MarkdownDescription: "Whom the grant is for.",
			PlanModifiers:       []planmodifier.Object{objectplanmodifier.RequiresReplace()},
			Validators:          []validator.Object{ownEmergency{}},
			Attributes: map[string]schema.Attribute{
				"kind": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "`User` for a person, `Group` for a group of the identity provider, `Workspace` for those who own or work in one.",
					Validators:          []validator.String{stringvalidator.OneOf("User", "Group", "Workspace")},
				},
				"name": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "User name, name of the group or of the workspace.",
					Validators:          people(),
				},
			},
		},
		"dataset": schema.StringAttribute{
			Required: true, MarkdownDescription: "Dataset that the grant is of.", Validators: managed.ObjectName(), PlanModifiers: fixed,
		},
		"selector": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Part of the dataset that the grant is of; all of it without one.",
			PlanModifiers:       []planmodifier.Object{objectplanmodifier.RequiresReplace()},
			Attributes:          selectorAttributes(),
			Validators:          []validator.Object{selects{}},
		},
		"actions": schema.SetAttribute{
			Required:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "What it allows: of objects `Read`, `List`, `Write`, `Delete`; of tables `Select`, `Insert`, `Update`, `Delete`. There is no word for all.",
			PlanModifiers:       []planmodifier.Set{setplanmodifier.RequiresReplace()},
			Validators: []validator.Set{
				setvalidator.SizeBetween(1, 4), setvalidator.ValueStringsAre(stringvalidator.OneOf("Read", "List", "Write", "Delete", "Select", "Insert", "Update")),
				oneSort{},
			},
		},
		"not_before": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "When it begins, in UTC and whole seconds, such as `2027-01-31T08:00:00Z`.",
			Validators:          []validator.String{instant{}}, PlanModifiers: fixed,
		},
		"not_after": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "When it has ended, in UTC and whole seconds: at that very second there is no access any more. At most 366 days after `not_before`, and less for data " +
				"of a higher class; 4 hours by `BreakGlass`.",
			Validators: []validator.String{instant{}, window{}}, PlanModifiers: fixed,
		},
		"ceiling": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Highest class of data that is asked for, `C1` to `C4`. Where the selected data counts as more, the grant is refused; where it comes to, the access ends.",
			Validators:          []validator.String{managed.Class()}, PlanModifiers: fixed,
		},
		"purpose": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "What the data is needed for, 10 to 1024 characters, for those who approve and those who audit.",
			Validators:          []validator.String{stringvalidator.UTF8LengthBetween(10, 1024)}, PlanModifiers: fixed,
		},
		"procedure": schema.StringAttribute{
			Optional: true, Computed: true,
			Default:             stringdefault.StaticString(string(v1alpha1.ProcedureStandard)),
			MarkdownDescription: "`Standard` (default), which needs approvals by others, or `BreakGlass` for emergencies: approved by the requester, short, and reviewed afterwards.",
			Validators:          []validator.String{stringvalidator.OneOf("Standard", "BreakGlass")}, PlanModifiers: fixed,
		},
		"requested_by": schema.StringAttribute{
			Required: true, MarkdownDescription: "User name of the person who asks.", Validators: people(), PlanModifiers: fixed,
		},
		"approved_by": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "User names of those who agreed, never the requester but by `BreakGlass`. One is enough; data of `C4` needs two, one of them its owner. Approvals are added in " +
				"place; taking one away replaces the grant. Leave it out where people approve at the cluster.",
			Validators:    []validator.Set{setvalidator.SizeBetween(1, 8), setvalidator.ValueStringsAre(people()...), others{}},
			PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplaceIf(fewer, "taking an approval away replaces the grant", "taking an approval away replaces the grant")},
		},
		"reviewed_by": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "User name of the person who looked at a grant by `BreakGlass` afterwards.",
			Validators:          append(people(), reviewer{}),
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplaceIf(taken, "a review cannot be taken back", "a review cannot be taken back")},
		},
		"revocation": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Ends the grant before its time, for good, and keeps it for the record. It is added in place.",
			PlanModifiers:       []planmodifier.Object{objectplanmodifier.RequiresReplaceIf(undone, "a revocation cannot be taken back", "a revocation cannot be taken back")},
			Attributes: map[string]schema.Attribute{
				"by": schema.StringAttribute{Required: true, MarkdownDescription: "User name of the person who ends it.", Validators: people()},
				"reason": schema.StringAttribute{
					Required: true, MarkdownDescription: "Why, up to 1024 characters.", Validators: []validator.String{stringvalidator.UTF8LengthBetween(1, 1024)},
				},
			},
		},
	}
}

func selectorAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"prefix": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Prefix below that of the dataset, such as `2027/`, for the actions of objects.",
			Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 512), managed.Folders()},
		},
		"columns": schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Columns that may be read, for `Select` alone; all of them without any.",
			Validators:          []validator.Set{setvalidator.SizeBetween(1, 128), setvalidator.ValueStringsAre(column()...)},
		},
		"masks": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Columns whose values are not shown as they are, for `Select` alone.",
			Validators:          []validator.List{listvalidator.SizeBetween(1, 64), managed.Distinct("column")},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"column": schema.StringAttribute{Required: true, MarkdownDescription: "Column that is masked.", Validators: column()},
				"kind": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "`Null` shows nothing, `Redact` that there is a value, `Hash` a token that stands for it.",
					Validators:          []validator.String{stringvalidator.OneOf("Null", "Redact", "Hash")},
				},
			}},
		},
		"rows": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Conditions that a row must meet, every one of them, to be seen; for `Select` alone. Up to 4.",
			Validators:          []validator.List{listvalidator.SizeBetween(1, 4), managed.Distinct("column")},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"column": schema.StringAttribute{Required: true, MarkdownDescription: "Column that is compared.", Validators: column()},
				"values": schema.SetAttribute{
					Required: true, ElementType: types.StringType, MarkdownDescription: "Values of which the column must have one, compared as text.",
					Validators: []validator.Set{setvalidator.SizeBetween(1, 32), setvalidator.ValueStringsAre(stringvalidator.UTF8LengthAtMost(256))},
				},
			}},
		},
	}
}

func people() []validator.String {
	return []validator.String{stringvalidator.UTF8LengthBetween(1, 253), stringvalidator.RegexMatches(noSpace, "must not contain white space"), managed.Person()}
}

func column() []validator.String {
	return []validator.String{
		stringvalidator.UTF8LengthBetween(1, 128), stringvalidator.RegexMatches(columnPattern, "must be a column in lower case: letters, digits, underscores and hyphens"),
	}
}
