package units

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

func TestSame(t *testing.T) {
	cases := []struct {
		a, b string
		want bool
	}{
		{"1", "1000m", true},
		{"1Gi", "1024Mi", true},
		{"1Gi", "1G", false},
		{"0.5", "500m", true},
		{"1", "words", false},
	}
	for _, c := range cases {
		if got := NewQuantity(c.a).Same(NewQuantity(c.b)); got != c.want {
			t.Errorf("%s and %s: same is %t", c.a, c.b, got)
		}
	}
	hour := Duration{basetypes.NewStringValue("60m")}
	if !hour.Same(NewDuration(time.Hour)) || hour.Same(NewDuration(time.Minute)) {
		t.Error("durations are compared as text")
	}
	if (Quantity{}).Same(Quantity{}) {
		t.Error("null is the same as null: a plan would keep it over a value")
	}
}

func TestValidateAttribute(t *testing.T) {
	bad := map[string]xattr.ValidateableAttribute{
		"quantity with a space":       NewQuantity("16 Gi"),
		"quantity in a wrong unit":    NewQuantity("16GB"),
		"quantity that is empty":      NewQuantity(""),
		"duration in days":            Duration{basetypes.NewStringValue("1d")},
		"duration that has no unit":   Duration{basetypes.NewStringValue("60")},
		"quantity that is not finite": NewQuantity("1e"),
	}
	for name, v := range bad {
		var resp xattr.ValidateAttributeResponse
		v.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: path.Root("x")}, &resp)
		if !resp.Diagnostics.HasError() {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[time.Duration]string{
		time.Hour: "1h", 90 * time.Minute: "1h30m", 5 * time.Minute: "5m", 0: "0s",
		90 * time.Second: "1m30s", 168 * time.Hour: "168h", time.Hour + time.Second: "1h0m1s", 10 * time.Second: "10s",
	} {
		if got := short(in); got != want {
			t.Errorf("%s is written %s, want %s", in, got, want)
		}
	}
}
