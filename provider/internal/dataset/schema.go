package dataset

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/provider/internal/managed"
)

var (
	personPattern = regexp.MustCompile(`^\S+$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9][-a-z0-9.]*[a-z0-9]$`)
	wordPattern   = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*$`)
	tablePattern  = regexp.MustCompile(`^[a-z0-9_][a-z0-9_$-]*$`)
)

func resourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A dataset says where data is, whose it is and how sensitive. Grants are given of datasets." +
			"\n\nIt is imported by its name: by `id`, or, from Terraform 1.12 and OpenTofu 1.12 on, by `identity = { name = \"...\" }`.",
		Attributes: attributes(),
	}
}

func attributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"location": schema.SingleNestedAttribute{
			Required:            true,
			MarkdownDescription: "Where the data is: exactly one of `object_prefix` and `table`.",
			Attributes:          locationAttributes(),
			Validators:          []validator.Object{onePlace{}},
		},
		"owner": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "User name of the person who answers for the data. One of the two approvals of a grant of `C4` is theirs.",
			Validators: []validator.String{
				stringvalidator.UTF8LengthBetween(1, 253), stringvalidator.RegexMatches(personPattern, "must not contain white space"), managed.Person(),
			},
		},
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What the data is, for people who look for it, up to 4096 characters.",
			Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(4096)},
		},
		"classification": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Sensitivity of the data itself: `C1` to `C4`. Without one it counts as `C4`.",
			Validators:          []validator.String{managed.Class()},
		},
		"columns": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Columns that grants may name, up to 512, each once.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name": name("Name of the column, in lower case.", wordPattern),
				"classification": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Sensitivity of the column where it is higher than the data's: `C1` to `C4`.",
					Validators:          []validator.String{managed.Class()},
				},
				"description": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "What the column holds, up to 512 characters.",
					Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(512)},
				},
			}},
			Validators: []validator.List{listvalidator.SizeAtMost(512), managed.Distinct("name")},
		},
		"derived_from": schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Datasets that this one was made from, up to 64. It counts as no less sensitive than any of them, and lies in their conflict classes too.",
			Validators:          []validator.Set{setvalidator.SizeAtMost(64), setvalidator.ValueStringsAre(managed.ObjectName()...)},
		},
		"conflict_classes": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Matters in which this data may never come together with data of another side in one person's hands, up to 8.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the matter, such as `merger-2027`.", Validators: managed.ObjectName()},
				"side": schema.StringAttribute{Required: true, MarkdownDescription: "Side that this data belongs to.", Validators: managed.ObjectName()},
			}},
			Validators: []validator.List{listvalidator.SizeAtMost(8), managed.Distinct("name")},
		},
	}
}

func locationAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"object_prefix": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Every object of a bucket whose key begins with the prefix.",
			Attributes: map[string]schema.Attribute{
				"bucket": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "Bucket that holds the objects.",
					Validators: []validator.String{
						stringvalidator.UTF8LengthBetween(3, 63), stringvalidator.RegexMatches(bucketPattern, "must be the name of a bucket: lower-case letters, digits, hyphens and dots"),
					},
				},
				"prefix": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "What the keys begin with, such as `sales/eu/`: folders that end in a slash. Without one it is the whole bucket.",
					Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(512), managed.Folders()},
				},
			},
		},
		"table": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "A table of a query engine's catalog.",
			Attributes: map[string]schema.Attribute{
				"catalog": name("Catalog of the query engine.", wordPattern),
				"schema":  name("Schema within the catalog.", wordPattern),
				"table":   name("Table within the schema.", tablePattern),
			},
		},
	}
}

func name(description string, pattern *regexp.Regexp) schema.StringAttribute {
	return schema.StringAttribute{
		Required:            true,
		MarkdownDescription: description,
		Validators: []validator.String{
			stringvalidator.UTF8LengthBetween(1, 128), stringvalidator.RegexMatches(pattern, "must be in lower case: letters, digits, underscores and hyphens"),
		},
	}
}

// onePlace refuses a location that is none or two.
type onePlace struct{}

func (onePlace) Description(context.Context) string {
	return "set exactly one of object_prefix and table"
}

func (o onePlace) MarkdownDescription(ctx context.Context) string { return o.Description(ctx) }

func (o onePlace) ValidateObject(ctx context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	objects, table := req.ConfigValue.Attributes()["object_prefix"], req.ConfigValue.Attributes()["table"]
	if objects.IsUnknown() || table.IsUnknown() || objects.IsNull() != table.IsNull() {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Data is in one place", fmt.Sprintf("%s: %s.", req.Path, o.Description(ctx)))
}
