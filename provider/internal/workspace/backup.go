package workspace

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int32validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int32default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// The defaults of the API.
const (
	defaultBackupEvery = string(v1alpha1.BackupDay)
	defaultBackupAt    = "01:00"
	defaultBackupKeep  = 14
)

var timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

func backup() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "When homes are backed up, and how many backups are kept. `atoll restore home` puts files back.",
		Attributes: map[string]schema.Attribute{
			"every": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "How often: `Never`, `Hour`, `Day` (default) or `Week` (on Sunday).",
				Default:             stringdefault.StaticString(defaultBackupEvery),
				Validators: []validator.String{stringvalidator.OneOf(string(v1alpha1.BackupNever), string(v1alpha1.BackupHour),
					string(v1alpha1.BackupDay), string(v1alpha1.BackupWeek))},
			},
			"at": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Time of day in UTC, `HH:MM`, from which homes are backed up, spread over the hour that follows. " +
					"Default `01:00`; it says nothing where `every` is `Hour`.",
				Default:    stringdefault.StaticString(defaultBackupAt),
				Validators: []validator.String{stringvalidator.RegexMatches(timeOfDay, "must be a time of day in UTC from 00:00 to 23:59, such as \"01:00\"")},
			},
			"keep": schema.Int32Attribute{
				Optional: true, Computed: true,
				MarkdownDescription: "How many backups of each home are kept, the latest ones: 1 to 366. Default 14.",
				Default:             int32default.StaticInt32(defaultBackupKeep),
				Validators:          []validator.Int32{int32validator.Between(1, 366)},
			},
		},
		Default: objectdefault.StaticValue(types.ObjectValueMust(
			map[string]attr.Type{"every": types.StringType, "at": types.StringType, "keep": types.Int32Type},
			map[string]attr.Value{
				"every": types.StringValue(defaultBackupEvery),
				"at":    types.StringValue(defaultBackupAt),
				"keep":  types.Int32Value(defaultBackupKeep),
			},
		)),
	}
}
