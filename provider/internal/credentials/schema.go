// Package credentials is the ephemeral resource by which a configuration reads data with the credentials of a person.
package credentials

import (
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

const (
	shortest = time.Minute
	longest  = time.Hour
)

var noSpace = regexp.MustCompile(`^\S*$`)

type model struct {
	Person          types.String   `tfsdk:"person"`
	Dataset         types.String   `tfsdk:"dataset"`
	Duration        units.Duration `tfsdk:"duration"`
	AccessKeyID     types.String   `tfsdk:"access_key_id"`
	SecretAccessKey types.String   `tfsdk:"secret_access_key"`
	Endpoint        types.String   `tfsdk:"endpoint"`
	Region          types.String   `tfsdk:"region"`
	Expiration      types.String   `tfsdk:"expiration"`
}

func description() schema.Schema {
	computed := func(text string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	secret := computed("Secret of the key.")
	secret.Sensitive = true
	return schema.Schema{
		MarkdownDescription: "Short-lived credentials of a person for the object store, for as long as a plan or an apply runs. They open what " +
			"is granted to the person and end with it; nothing of them is in the state, in a plan or in a log. " +
			"The key is taken back at the end, unless a server or a run of the same person has it too.\n\n" +
			"Who asks needs the ClusterRole `" + role + "`, and for another person than themselves the verb `actas` on " +
			"`credentialrequests.atoll.dev`, with the person's name as `resourceNames`.",
		Attributes: map[string]schema.Attribute{
			"person": schema.StringAttribute{
				Required: true, MarkdownDescription: "User name of the person, or of the service identity that data is granted to.",
				Validators: []validator.String{stringvalidator.UTF8LengthBetween(1, 253), stringvalidator.RegexMatches(noSpace, "must not contain white space"), managed.Person()},
			},
			"dataset": schema.StringAttribute{
				Optional: true, Validators: managed.ObjectName(),
				MarkdownDescription: "Dataset of objects that is to be read or written: it must be open to the person, and the credentials end with its grant. " +
					"They open everything that is granted to the person all the same. Without it anything that is granted will do, and the earliest end counts.",
			},
			"duration": schema.StringAttribute{
				Optional: true, CustomType: units.DurationType{}, Validators: []validator.String{units.Between(shortest, longest)},
				MarkdownDescription: "How long the credentials are good for, `1m` to `1h`; `1h` unless set. Where a plan or an apply takes longer they are renewed, up to two hours in all.",
			},
			"access_key_id":     computed("Name of the key."),
			"secret_access_key": secret,
			"endpoint":          computed("Address of the object store; null for Amazon S3."),
			"region":            computed("Region that clients name."),
			"expiration":        computed("When they end unless they are renewed, in UTC, such as `2027-01-31T08:00:00Z`."),
		},
	}
}
