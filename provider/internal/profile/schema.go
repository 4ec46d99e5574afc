package profile

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int32validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

var (
	gpuResourcePattern = regexp.MustCompile(`^[a-z0-9.-]+/[a-zA-Z0-9._-]+$`)
	envNamePattern     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func resourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A profile is an environment that people work in: a pinned image and the sizes it may run in, the same for a server and for a schedule." +
			"\n\nIt is imported by its name: by `id`, or, from Terraform 1.12 and OpenTofu 1.12 on, by `identity = { name = \"...\" }`.",
		Attributes: attributes(),
	}
}

func attributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"display_name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name that people see, 1 to 63 characters.",
			Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 63)},
		},
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "A sentence or two that help people choose, up to 1024 characters.",
			Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(1024)},
		},
		"image": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Pinned image: with a digest (`name@sha256:...`), or with a tag other than `latest` (`name:1.2.3`).",
			Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 512), pinned{}},
		},
		"sizes": schema.ListNestedAttribute{
			Required:            true,
			MarkdownDescription: "Sizes a person may choose from, 1 to 16; the default is the one marked so, or else the first.",
			NestedObject:        schema.NestedAttributeObject{Attributes: sizeAttributes()},
			Validators:          []validator.List{listvalidator.SizeBetween(1, 16), distinctSizes{}},
		},
		"node_pool": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Nodes that pods of this profile run on, in addition to the subcluster's own placement.",
			Attributes:          nodePoolAttributes(),
		},
		"env": schema.MapAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Environment variables of the pods, at most 64. They are readable by everyone: no secrets.",
			Validators: []validator.Map{
				mapvalidator.SizeAtMost(64),
				mapvalidator.NoNullValues(),
				mapvalidator.KeysAre(stringvalidator.UTF8LengthBetween(1, 128),
					stringvalidator.RegexMatches(envNamePattern, "must be letters, digits and underscores, not starting with a digit")),
				mapvalidator.ValueStringsAre(stringvalidator.UTF8LengthAtMost(4096)),
			},
		},
		"packages": schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "What the image holds beyond the base, for people to read (`name` or `name==version`); at most 256.",
			Validators: []validator.Set{
				setvalidator.SizeAtMost(256),
				setvalidator.NoNullValues(),
				setvalidator.ValueStringsAre(stringvalidator.UTF8LengthBetween(1, 128)),
			},
		},
	}
}

func sizeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the size, unique in the profile: 1 to 40 lower-case letters, digits and hyphens.",
			Validators:          managed.ObjectName(),
		},
		"display_name": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Name that people see, up to 63 characters; `name` where it is not set.",
			Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(63)},
		},
		"default": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether this size is preselected; at most one is.",
		},
		"cpu":    rangeAttribute("CPU in cores.", "500m"),
		"memory": rangeAttribute("Memory in bytes.", "1Gi"),
		"gpu": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "GPUs of the size, if it has any.",
			Attributes: map[string]schema.Attribute{
				"resource": schema.StringAttribute{
					Optional: true, Computed: true,
					MarkdownDescription: "Name of the extended resource, `nvidia.com/gpu` by default.",
					Default:             stringdefault.StaticString("nvidia.com/gpu"),
					Validators: []validator.String{
						stringvalidator.UTF8LengthAtMost(253),
						stringvalidator.RegexMatches(gpuResourcePattern, `must be a domain and a name, such as "nvidia.com/gpu"`),
					},
				},
				"count": schema.Int32Attribute{
					Required:            true,
					MarkdownDescription: "Number of devices, 1 to 64.",
					Validators:          []validator.Int32{int32validator.Between(1, 64)},
				},
			},
		},
	}
}

func rangeAttribute(description, example string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"guarantee": units.Required("What a pod is sure to get, such as `"+example+"`; not above the limit.", example),
			"limit":     units.Required("What a pod may reach.", example),
		},
		Validators: []validator.Object{ordered{}},
	}
}

func nodePoolAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"node_selector": schema.MapAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Labels that a node must have, at most 16.",
			Validators:          []validator.Map{mapvalidator.SizeAtMost(16), mapvalidator.NoNullValues()},
		},
		"tolerations": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Taints of nodes that are tolerated, at most 16.",
			Validators:          []validator.List{listvalidator.SizeAtMost(16)},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"key": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "Key of the taint.",
					Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 253)},
				},
				"value": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Value of the taint; every value is tolerated where it is not set.",
					Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(63)},
				},
				"effect": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "`NoSchedule`, `PreferNoSchedule` or `NoExecute`; every effect is tolerated where it is not set.",
					Validators:          []validator.String{stringvalidator.OneOf("NoSchedule", "PreferNoSchedule", "NoExecute")},
				},
			}},
		},
	}
}
