package schedule

import (
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int32validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int32default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

var (
	noSpace           = regexp.MustCompile(`^\S*$`)
	parameterPattern  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	prefixPattern     = regexp.MustCompile(`^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$`)
	webhookPattern    = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	mailPattern       = regexp.MustCompile(`^[^\s@<>,;"]+@[^\s@<>,;"]+$`)
	repositoryPattern = regexp.MustCompile(`^https?://[A-Za-z0-9._-]+(:[0-9]+)?/[^\s@?#]+$`)
	refPattern        = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

// The defaults of the CRD. A test holds them equal.
const (
	defaultTimeout    = time.Hour
	defaultBackoff    = 30 * time.Second
	defaultMaxBackoff = 10 * time.Minute
	defaultLimit      = 10
	defaultHistory    = 20
)

func resourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A schedule runs notebooks by itself, in a workspace and in the name of one of its people." +
			"\n\nWhat moves, such as the next run and how the last ones went, is in the data source `atoll_schedule`." +
			"\n\nIt is imported by its workspace and name: by `id = \"fraud/nightly\"`, or, from Terraform 1.12 and OpenTofu 1.12 on, by " +
			"`identity = { workspace = \"fraud\", name = \"nightly\" }`.",
		Attributes: attributes(),
	}
}

func attributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"owner": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "User name of the person in whose name the notebooks run: with the person's home, and with what the person may read. " +
				"The workspace lists the person by name, as its owner or with the role `Owner` or `Member`.",
			Validators: []validator.String{
				stringvalidator.UTF8LengthBetween(1, 253), stringvalidator.RegexMatches(noSpace, "must not contain white space"),
			},
		},
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "A sentence or two for people, up to 1024 characters.",
			Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(1024)},
		},
		"profile": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Profile the notebooks run in, one that the workspace allows.",
			Validators:          managed.ObjectName(),
		},
		"size": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Size of the profile; its default where it is not set.",
			Validators:          managed.ObjectName(),
		},
		"cron": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "When runs are due: minute, hour, day of the month, month and day of the week, such as `30 6 * * 1-5`, or one of `@hourly`, " +
				"`@daily`, `@weekly`, `@monthly`, `@yearly`.",
			Validators: []validator.String{stringvalidator.UTF8LengthBetween(1, 120), cron()},
		},
		"time_zone": textWithDefault("UTC", "IANA name of the zone that `cron` is read in, such as `Europe/Amsterdam`. Default `UTC`.", zone()),
		"start":     momentAttribute("Time before which nothing is due, RFC 3339. One in the past is caught up with where `catch_up.policy` is `All`."),
		"end":       momentAttribute("Time from which on nothing is due, RFC 3339.", afterStart{}),
		"tasks": schema.ListNestedAttribute{
			Required:            true,
			MarkdownDescription: "Notebooks of a run, 1 to 50. They run at once but for those that depend on others.",
			NestedObject:        schema.NestedAttributeObject{Attributes: taskAttributes()},
			Validators:          []validator.List{listvalidator.SizeBetween(1, 50), graph{}},
		},
		"catch_up": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "What becomes of runs that could not start in time.",
			Attributes: map[string]schema.Attribute{
				"policy": textWithDefault(string(v1alpha1.CatchUpLatest),
					"`None` starts none of them late, `Latest` (default) the newest, `All` all of them, oldest first.",
					stringvalidator.OneOf(string(v1alpha1.CatchUpNone), string(v1alpha1.CatchUpLatest), string(v1alpha1.CatchUpAll))),
				"limit": numberWithDefault(defaultLimit, "How many missed runs are looked at, the newest, 1 to 100. Default 10.", 1, 100),
			},
			Default: objectdefault.StaticValue(types.ObjectValueMust(
				map[string]attr.Type{"policy": types.StringType, "limit": types.Int32Type},
				map[string]attr.Value{"policy": types.StringValue(string(v1alpha1.CatchUpLatest)), "limit": types.Int32Value(defaultLimit)},
			)),
		},
		"overlap": textWithDefault(string(v1alpha1.OverlapForbid),
			"When a run is due while another is at work: `Forbid` (default) leaves it out, `Allow` lets both work, `Replace` cancels the old one.",
			stringvalidator.OneOf(string(v1alpha1.OverlapForbid), string(v1alpha1.OverlapAllow), string(v1alpha1.OverlapReplace))),
		"start_deadline": durationWithDefault(time.Hour, time.Minute, 24*time.Hour,
			"How long a task may wait for quota, a node or its image before it fails, from `1m` to `24h`. Default `1h`."),
		"output": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Where executed notebooks are kept.",
			Attributes: map[string]schema.Attribute{
				"prefix": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "What stands before the schedule's name in the keys of the workspace's outputs, such as `finance/daily`.",
					Validators: []validator.String{
						stringvalidator.UTF8LengthAtMost(128),
						stringvalidator.RegexMatches(prefixPattern, "must be names of letters, digits, '-' and '_' with slashes between them"),
					},
				},
			},
			Default: objectdefault.StaticValue(types.ObjectValueMust(
				map[string]attr.Type{"prefix": types.StringType}, map[string]attr.Value{"prefix": types.StringNull()})),
		},
		"notify": notifyAttribute(),
		"history_limit": numberWithDefault(defaultHistory,
			"How many finished runs are kept, 1 to 100. Default 20.", 1, 100),
		"suspend": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Start no more runs; those at work finish, and what falls due meanwhile is left out.",
		},
		"engine": textWithDefault(string(v1alpha1.EngineKubernetes),
			"What releases and retries the tasks: `Kubernetes`, or `Airflow` where the platform has it. It can be changed at any time; a run keeps to the one it began with.",
			stringvalidator.OneOf(string(v1alpha1.EngineKubernetes), string(v1alpha1.EngineAirflow))),
	}
}

func taskAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the task, unique in the schedule: 1 to 40 lower-case letters, digits and hyphens.",
			Validators:          managed.ObjectName(),
		},
		"notebook": schema.SingleNestedAttribute{
			Required:            true,
			MarkdownDescription: "Where the notebook comes from: exactly one of `home`, `git` and `object`.",
			Validators:          []validator.Object{oneSource{}},
			Attributes: map[string]schema.Attribute{
				"home": notebookPath("Path in the owner's home, such as `reports/daily.ipynb`. The home is mounted into the run."),
				"git": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "File of a git repository.",
					Attributes: map[string]schema.Attribute{
						"repository": schema.StringAttribute{
							Required:            true,
							MarkdownDescription: "URL of the repository, by HTTPS and without a user or password.",
							Validators: []validator.String{
								stringvalidator.UTF8LengthBetween(1, 512),
								stringvalidator.RegexMatches(repositoryPattern, "must be an https URL without a user or password, such as https://git.example.com/team/reports.git"),
							},
						},
						"ref": textWithDefault("main", "Branch, tag or commit. Default `main`.",
							stringvalidator.UTF8LengthBetween(1, 255), stringvalidator.RegexMatches(refPattern, "must be a branch, a tag or a commit")),
						"path": schema.StringAttribute{
							Required:            true,
							MarkdownDescription: "Path of the notebook in the repository.",
							Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 512), path()},
						},
					},
				},
				"object": notebookPath("Key in the platform's object store, under `notebooks/<workspace>/` in the bucket of runs."),
			},
		},
		"parameters": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Parameters of the notebook, at most 50. Values of the run are written as `{{ run.date }}`; what is JSON after that is passed " +
				"as such, anything else is text. They are readable by everyone in the workspace: no secrets.",
			Validators: []validator.Map{
				mapvalidator.SizeAtMost(50),
				mapvalidator.NoNullValues(),
				mapvalidator.KeysAre(stringvalidator.UTF8LengthBetween(1, 128),
					stringvalidator.RegexMatches(parameterPattern, "must be letters, digits and underscores, not starting with a digit")),
				mapvalidator.ValueStringsAre(stringvalidator.UTF8LengthAtMost(4096), template()),
			},
		},
		"depends_on": schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Tasks that must have succeeded before, at most 20.",
			Validators:          []validator.Set{setvalidator.SizeAtMost(20), setvalidator.NoNullValues()},
		},
		"retries": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Retries of a task that failed.",
			Attributes: map[string]schema.Attribute{
				"limit":       numberWithDefault(0, "How often it is tried again, 0 to 10. Default 0.", 0, 10),
				"backoff":     durationWithDefault(defaultBackoff, time.Second, time.Hour, "Pause before the first retry, from `1s` to `1h`; it doubles with each. Default `30s`."),
				"max_backoff": durationWithDefault(defaultMaxBackoff, time.Second, 24*time.Hour, "Longest pause, from `1s` to `24h`. Default `10m`."),
			},
			Default: objectdefault.StaticValue(types.ObjectValueMust(
				map[string]attr.Type{"limit": types.Int32Type, "backoff": units.DurationType{}, "max_backoff": units.DurationType{}},
				map[string]attr.Value{"limit": types.Int32Value(0), "backoff": units.NewDuration(defaultBackoff), "max_backoff": units.NewDuration(defaultMaxBackoff)},
			)),
		},
		"timeout": durationWithDefault(defaultTimeout, time.Minute, 168*time.Hour, "Longest time of one attempt, from `1m` to `168h`. Default `1h`."),
		"size": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Size of the profile for this task; the schedule's where it is not set.",
			Validators:          managed.ObjectName(),
		},
	}
}

func notifyAttribute() schema.SingleNestedAttribute {
	list := func(description string, most int, each ...validator.String) schema.SetAttribute {
		return schema.SetAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: description,
			Validators: []validator.Set{setvalidator.SizeAtMost(most), setvalidator.NoNullValues(), setvalidator.ValueStringsAre(each...)},
		}
	}
	digests := stringvalidator.OneOf(string(v1alpha1.DigestDaily), string(v1alpha1.DigestNone))
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Who hears of a run that failed for good.",
		Attributes: map[string]schema.Attribute{
			"webhooks": list("Names of Slack-compatible webhooks, at most 5. Their URLs are keys of the Secret `atoll-notifications` in the operator's namespace: "+
				"`<workspace>.<name>`, or `<name>` for one that everybody may use.", 5,
				stringvalidator.UTF8LengthBetween(1, 63), stringvalidator.RegexMatches(webhookPattern, "must be the name of a webhook, not its URL")),
			"mail": list("Addresses that get a message, at most 10.", 10,
				stringvalidator.UTF8LengthBetween(3, 254), stringvalidator.RegexMatches(mailPattern, "must be an address such as ada@example.com")),
			"digest": textWithDefault(string(v1alpha1.DigestDaily), "`Daily` (default) names the runs in their owner's daily mail, `None` leaves them out.", digests),
		},
		Default: objectdefault.StaticValue(types.ObjectValueMust(
			map[string]attr.Type{"webhooks": types.SetType{ElemType: types.StringType}, "mail": types.SetType{ElemType: types.StringType}, "digest": types.StringType},
			map[string]attr.Value{
				"webhooks": types.SetNull(types.StringType), "mail": types.SetNull(types.StringType), "digest": types.StringValue(string(v1alpha1.DigestDaily)),
			},
		)),
	}
}

func textWithDefault(standard, description string, rules ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: description,
		Default:             stringdefault.StaticString(standard),
		Validators:          rules,
	}
}

func numberWithDefault(standard int32, description string, least, most int32) schema.Int32Attribute {
	return schema.Int32Attribute{
		Optional: true, Computed: true,
		MarkdownDescription: description,
		Default:             int32default.StaticInt32(standard),
		Validators:          []validator.Int32{int32validator.Between(least, most)},
	}
}

func durationWithDefault(standard, least, most time.Duration, description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true,
		CustomType:          units.DurationType{},
		MarkdownDescription: description,
		Default:             stringdefault.StaticString(units.NewDuration(standard).ValueString()),
		Validators:          []validator.String{units.Between(least, most)},
		PlanModifiers:       []planmodifier.String{units.SameDuration()},
	}
}

func momentAttribute(description string, rules ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		CustomType:          units.MomentType{},
		MarkdownDescription: description,
		Validators:          rules,
		PlanModifiers:       []planmodifier.String{units.SameMoment()},
	}
}

func notebookPath(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: description,
		Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 512), path()},
	}
}
