package credentials

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/internal/sealed"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

const (
	// patience bounds each wait for the operator.
	patience = time.Minute
	// early is how long before their end credentials are renewed, at the most.
	early = 5 * time.Minute
	// kept is the key of what is remembered between Open, Renew and Close.
	kept = "request"
)

// New returns the ephemeral resource atoll_data_credentials.
func New() ephemeral.EphemeralResource { return &resource{} }

type resource struct{ connect managed.Connect }

// loan is what is remembered of a request: nothing secret.
type loan struct {
	Name       string           `json:"name"`
	Person     string           `json:"person"`
	Expiration v1alpha1.Instant `json:"expiration"`
}

// Metadata names the type.
func (*resource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_data_credentials"
}

// Schema says whose credentials, and what they are.
func (*resource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = description()
}

// Configure takes the provider's connection; there is none while a configuration is validated.
func (r *resource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	r.connect.Take(req.ProviderData, &resp.Diagnostics)
}

// Open asks for credentials of its own, with a key pair that only this call has.
func (r *resource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	client := r.connect.Client(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	life := longest
	if !m.Duration.IsNull() {
		var err error
		if life, err = time.ParseDuration(m.Duration.ValueString()); err != nil {
			resp.Diagnostics.AddError("The duration is none", err.Error())
			return
		}
	}
	me, err := client.UserName(ctx)
	if err != nil {
		report("ask for", m.Person.ValueString(), err, &resp.Diagnostics)
		return
	}
	key, err := sealed.NewKey()
	if err != nil {
		resp.Diagnostics.AddError("No key pair could be made", err.Error())
		return
	}
	name := "tf-" + rand.String(20)
	store := kube.NewStore(client, kube.CredentialRequests)
	_, err = store.Submit(ctx, name, &v1alpha1.CredentialRequestSpec{
		Person: v1alpha1.UserName(m.Person.ValueString()), Dataset: m.Dataset.ValueString(), ExpirationSeconds: int32(life / time.Second),
		PublicKey: key.Public(), RequestedBy: me,
	})
	if err != nil {
		report("ask for", m.Person.ValueString(), err, &resp.Diagnostics)
		return
	}
	answer, err := answered(ctx, store, name)
	var secret string
	if err == nil {
		secret, err = key.Open(string(answer.UID), answer.Status.AccessKeyID, answer.Status.SealedSecretAccessKey)
	}
	if err != nil {
		report("get", m.Person.ValueString(), err, &resp.Diagnostics)
		giveBack(ctx, store, loan{Name: name, Person: m.Person.ValueString()}, &resp.Diagnostics)
		return
	}
	m.AccessKeyID, m.SecretAccessKey = types.StringValue(answer.Status.AccessKeyID), types.StringValue(secret)
	m.Endpoint, m.Region = optional(answer.Status.Endpoint), optional(answer.Status.Region)
	m.Expiration = types.StringValue(string(answer.Status.Expiration))
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
	l := loan{Name: name, Person: m.Person.ValueString(), Expiration: answer.Status.Expiration}
	managed.Keep(ctx, resp.Private, kept, l, &resp.Diagnostics)
	resp.RenewAt = renewAt(l.Expiration, &resp.Diagnostics)
}

// Renew asks for the same key for longer.
func (r *resource) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	client := r.connect.Client(ctx, &resp.Diagnostics)
	l := managed.Kept[loan](ctx, req.Private, kept, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	err := client.Renew(ctx, l.Name)
	var answer *v1alpha1.CredentialRequest
	if err == nil {
		answer, err = answered(ctx, kube.NewStore(client, kube.CredentialRequests), l.Name)
	}
	if err != nil {
		report("renew", l.Person, err, &resp.Diagnostics)
		return
	}
	if answer.Status.Expiration <= l.Expiration {
		resp.Diagnostics.AddWarning("The credentials of "+l.Person+" end at "+string(l.Expiration)+" and cannot be made longer",
			"They end with what is granted, and two hours after their key was made. What is left to do may fail for it: apply again then.")
		return
	}
	l.Expiration = answer.Status.Expiration
	managed.Keep(ctx, resp.Private, kept, l, &resp.Diagnostics)
	resp.RenewAt = renewAt(l.Expiration, &resp.Diagnostics)
}

// Close gives the key back.
func (r *resource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	client := r.connect.Client(ctx, &resp.Diagnostics)
	l := managed.Kept[loan](ctx, req.Private, kept, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	giveBack(ctx, kube.NewStore(client, kube.CredentialRequests), l, &resp.Diagnostics)
}

func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// renewAt is some time before the end: a quarter of what is left, five minutes at the most.
func renewAt(end v1alpha1.Instant, diags *diag.Diagnostics) time.Time {
	at, err := end.Time()
	if err != nil {
		diags.AddError("It is not known when the credentials end", err.Error())
	}
	return at.Add(-min(early, time.Until(at)/4))
}
