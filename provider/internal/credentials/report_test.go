package credentials

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/internal/kube"
)

// TestWhatIsSaidOfFailuresThatTakeLong is beside the tests with an API server, where each would wait for a minute.
func TestWhatIsSaidOfFailuresThatTakeLong(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		says []string
	}{
		"no operator": {&kube.TimeoutError{Object: "CredentialRequest tf-1", For: "ready"}, []string{
			"Could not get credentials of ada: the operator has not answered in time", "is atoll-operator running?", "atoll status",
		}},
		"no object store": {
			&kube.TimeoutError{Object: "CredentialRequest tf-1", For: "ready", Ready: &metav1.Condition{Reason: "Failed", Message: "dial tcp: connection refused"}},
			[]string{"the operator has not answered in time", "dial tcp: connection refused", "reaches the object store"},
		},
		"no platform":    {fmt.Errorf("creating: %w", kube.ErrKindMissing), []string{"The cluster does not serve the kind CredentialRequest", "atoll bootstrap"}},
		"something else": {errors.New("opening a sealed secret: it is broken"), []string{"Could not get CredentialRequest of ada", "it is broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			var diags diag.Diagnostics
			report("get", "ada", tt.err, &diags)
			if len(diags) != 1 || diags.ErrorsCount() != 1 {
				t.Fatalf("it says %v", diags)
			}
			for _, text := range tt.says {
				if said := diags[0].Summary() + "\n" + diags[0].Detail(); !strings.Contains(said, text) {
					t.Errorf("it lacks %q:\n%s", text, said)
				}
			}
		})
	}
}
