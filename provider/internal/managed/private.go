package managed

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Private is what the framework keeps for a provider between calls.
type Private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// Keep keeps a value, as JSON, for later calls.
func Keep(ctx context.Context, in Private, key string, value any, diags *diag.Diagnostics) {
	text, err := json.Marshal(value)
	if err != nil {
		diags.AddError("The provider could not keep its "+key, err.Error())
		return
	}
	diags.Append(in.SetKey(ctx, key, text)...)
}

// Kept is what was kept; it is an error where nothing was, or something else.
func Kept[V any](ctx context.Context, in Private, key string, diags *diag.Diagnostics) (value V) {
	text, found := in.GetKey(ctx, key)
	diags.Append(found...)
	if err := json.Unmarshal(text, &value); err != nil {
		diags.AddError("The provider has not kept its "+key, err.Error())
	}
	return value
}
