package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

const (
	workspaceKind = "atoll_workspace"
	profileKind   = "atoll_profile"
)

// team is the JSON of a workspace, with more attributes where they are given.
func team(name string, more ...string) string {
	extra := strings.Join(append([]string{""}, more...), ", ")
	return fmt.Sprintf(`{"name": %q, "display_name": "Team", "owner": "carol", "profiles": ["python"],
		"quota": {"cpu": "8", "memory": "16Gi", "storage": "100Gi"}%s}`, name, extra)
}

func remove(t *testing.T, plural, name string) {
	t.Helper()
	if err := server.Admin.Resource(kubetest.Resource(plural)).Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestPlanningACreateMakesNoRequest(t *testing.T) {
	s := connected(t)
	s.plan(s.none(workspaceKind), team("planned"))
	s.succeeded()
	if seen := server.Requests.Seen(); len(seen) > 0 {
		t.Errorf("planning a create made requests: %v", seen)
	}
}

func TestRequestsOfACreate(t *testing.T) {
	s := connected(t)
	s.create(workspaceKind, team("counted"))
	want := []string{"GET workspaces counted", "PATCH workspaces counted"}
	if diff := cmp.Diff(want, server.Requests.Seen()[:2]); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for _, r := range server.Requests.Seen()[2:] {
		if r != "GET workspaces counted" && r != "WATCH workspaces" {
			t.Errorf("waiting made the request %q", r)
		}
	}
}

func TestOneListServesTheReadsOfARun(t *testing.T) {
	var made []object
	writer := connected(t)
	for i := range 20 {
		made = append(made, writer.create(workspaceKind, team(fmt.Sprintf("many-%d", i))))
	}
	s := connected(t)
	for _, o := range made {
		s.read(o)
		s.succeeded()
	}
	if diff := cmp.Diff([]string{"LIST workspaces"}, server.Requests.Seen()); diff != "" {
		t.Errorf("reading 20 workspaces (-want +got):\n%s", diff)
	}
}

func TestUnknownConfigurationIsNoLocalhost(t *testing.T) {
	made := connected(t).create(workspaceKind, team("unreached"))
	for name, config := range map[string]string{
		"host":  fmt.Sprintf(`{"host": %q}`, unknown),
		"token": fmt.Sprintf(`{"host": %q, "token": %q}`, server.URL, unknown),
		"eks":   fmt.Sprintf(`{"eks": {"cluster_name": %q, "region": "eu-central-1"}}`, unknown),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, config)
			s.plan(s.none(workspaceKind), team("later"))
			s.succeeded()
			s.read(made)
			s.says("the provider's "+name+" is not known until apply", "-refresh=false")
		})
	}
}

func TestUnknownConfigurationDefersWhereAllowed(t *testing.T) {
	s := newSession(t, fmt.Sprintf(`{"host": %q}`, unknown))
	typ := s.schema.Provider.ValueType()
	_, err := s.api.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config:             s.wire(typ, s.decode(typ, fmt.Sprintf(`{"host": %q}`, unknown))),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	none, config := s.none(workspaceKind), s.decode(s.typeOf(workspaceKind), team("deferred"))
	resp, err := s.api.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: workspaceKind, PriorState: s.wire(s.typeOf(workspaceKind), none.value),
		Config: s.wire(s.typeOf(workspaceKind), config), ProposedNewState: s.wire(s.typeOf(workspaceKind), config),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Deferred == nil || resp.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		t.Errorf("the plan was not deferred: %+v", resp.Deferred)
	}
}

func TestNoConfigurationIsNoLocalhost(t *testing.T) {
	s := newSession(t, `{}`)
	s.read(connected(t).create(workspaceKind, team("unconfigured")))
	s.says("no cluster is configured", "KUBECONFIG")
}

func TestTimeoutOfCreateSavesStateAndWarns(t *testing.T) {
	server.Operator.Treat("slow", kubetest.NotReady(v1alpha1.ReasonProgressing, "waiting for a volume"))
	s := connected(t)
	made := s.create(workspaceKind, team("slow", `"timeouts": {"create": "1s"}`))
	s.says("WARNING", "Workspace slow is not ready yet", "waiting for a volume")
	if made.value.IsNull() || made.text(t, "id") != "slow" || made.identity == nil {
		t.Error("the state or identity of an accepted object was not saved")
	}
	s.read(made)
	s.says("WARNING", "Workspace slow is not ready: Progressing", "waiting for a volume")
}

func TestStateIsSavedBeforeWaiting(t *testing.T) {
	s := connected(t)
	patched := false
	server.Requests.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		broken := patched && r.Method == http.MethodGet
		if broken {
			http.Error(w, `{"kind":"Status","status":"Failure","reason":"InternalError","code":500}`, http.StatusInternalServerError)
		}
		patched = patched || r.Method == http.MethodPatch
		return broken
	})
	t.Cleanup(func() { server.Requests.Fault(nil) })
	made := s.apply(t.Context(), s.none(workspaceKind), team("saved", `"timeouts": {"create": "1s"}`))
	if made.value.IsNull() || !made.value.IsFullyKnown() || made.identity == nil {
		t.Errorf("the state was not saved before the wait: %s", s.said())
	}
	s.says("WARNING")
}

func TestStalledFailsFast(t *testing.T) {
	server.Operator.Treat("stalled", kubetest.Stalled(v1alpha1.ReasonNamespaceConflict, "namespace ws-stalled belongs to someone else"))
	s := connected(t)
	begun := time.Now()
	made := s.apply(t.Context(), s.none(workspaceKind), team("stalled"))
	s.says("ERROR", "Workspace stalled is stalled: NamespaceConflict", "belongs to someone else")
	if made.value.IsNull() {
		t.Error("the object exists and is not in the state")
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestDeleteNamesWhatHoldsIt(t *testing.T) {
	s := connected(t)
	made := s.create(workspaceKind, team("held", `"timeouts": {"delete": "1s"}`))
	kubectlEdit(t, "workspaces", "held", `{"metadata":{"finalizers":["atoll.dev/workspace"]}}`)
	left := s.apply(t.Context(), made, "")
	s.says("ERROR", "Workspace held is not gone yet", "finalizers: atoll.dev/workspace", "Ready is True")
	if left.value.IsNull() {
		t.Error("an object that still exists left the state")
	}
	kubectlEdit(t, "workspaces", "held", `{"metadata":{"finalizers":null}}`)
	gone := s.apply(t.Context(), made, "")
	s.succeeded()
	if !gone.value.IsNull() {
		t.Error("deleting what is gone already did not succeed")
	}
}

func TestOnlyATrue404DropsState(t *testing.T) {
	made := connected(t).create(workspaceKind, team("kept"))
	answers := map[string]func(http.ResponseWriter){
		"a proxy's 404": func(w http.ResponseWriter) { http.Error(w, "404 page not found", http.StatusNotFound) },
		"forbidden": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"Forbidden","code":403}`)
		},
		"a failure": func(w http.ResponseWriter) { http.Error(w, "boom", http.StatusInternalServerError) },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			server.Requests.Fault(func(w http.ResponseWriter, _ *http.Request) bool { answer(w); return true })
			t.Cleanup(func() { server.Requests.Fault(nil) })
			s := connected(t)
			if read := s.read(made); read.value.IsNull() || !s.failed() {
				t.Errorf("the state was dropped or nothing was said: %s", s.said())
			}
			s.apply(t.Context(), made, "")
			if !s.failed() {
				t.Error("the delete succeeded")
			}
		})
	}
	remove(t, "workspaces", "kept")
	s := connected(t)
	if read := s.read(made); !read.value.IsNull() {
		t.Error("an object that does not exist is still in the state")
	}
	s.succeeded()
}

func TestMissingKindIsExplained(t *testing.T) {
	s := connected(t)
	server.Requests.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return true
	})
	t.Cleanup(func() { server.Requests.Fault(nil) })
	s.apply(t.Context(), s.none(workspaceKind), team("early", `"timeouts": {"create": "2s"}`))
	s.says("The cluster does not serve the kind Workspace", "atoll bootstrap")
}

func TestCreateWaitsForTheKind(t *testing.T) {
	s := connected(t)
	missing := 2
	server.Requests.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
		missing--
		if missing < 0 {
			return false
		}
		http.Error(w, "404 page not found", http.StatusNotFound)
		return true
	})
	t.Cleanup(func() { server.Requests.Fault(nil) })
	s.create(workspaceKind, team("patient"))
}

func TestCreateLeavesWhatExists(t *testing.T) {
	s := connected(t)
	s.create(workspaceKind, team("theirs"))
	s.apply(t.Context(), s.none(workspaceKind), team("theirs", `"owner": "mallory"`))
	s.says(`[AttributeName("name")] Workspace theirs exists already`, "terraform import atoll_workspace.<label> theirs")
}

func TestCreateTakesWhatAnInterruptedApplyLeft(t *testing.T) {
	s := connected(t)
	s.create(workspaceKind, team("left"))
	s.apply(t.Context(), s.none(workspaceKind), team("left"))
	s.says(`[AttributeName("name")] Workspace left was there already, exactly as declared`, "An apply that was interrupted leaves such an object")
	for _, d := range s.problems {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			t.Errorf("an error: %s: %s", d.Summary, d.Detail)
		}
	}
}

func TestIdentityIsSetEverywhere(t *testing.T) {
	s := connected(t)
	made := s.create(workspaceKind, team("identified"))
	changed := s.apply(t.Context(), made, team("identified", `"cost_center": "42"`))
	s.succeeded()
	read := s.read(object{kind: made.kind, value: made.value})
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String}}
	for step, o := range map[string]object{"create": made, "update": changed, "read": read} {
		if o.identity == nil {
			t.Errorf("%s set no identity", step)
			continue
		}
		id := object{value: s.unwire(typ, o.identity.IdentityData)}
		if id.text(t, "name") != "identified" {
			t.Errorf("%s set the identity %s", step, id.value)
		}
	}
}

func TestImportByIDAndByIdentity(t *testing.T) {
	s := connected(t)
	s.create(workspaceKind, team("imported", `"members": [{"name": "ada"}], "home": {"storage_class_name": "fast"}, "cost_center": "42"`))
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String}}
	id := s.wire(typ, s.decode(typ, `{"name": "imported"}`))
	for name, req := range map[string]*tfprotov6.ImportResourceStateRequest{
		"id":       {TypeName: workspaceKind, ID: "imported"},
		"identity": {TypeName: workspaceKind, Identity: &tfprotov6.ResourceIdentityData{IdentityData: id}},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := s.api.ImportResourceState(t.Context(), req)
			if err != nil || len(resp.ImportedResources) != 1 {
				t.Fatal(err, resp.Diagnostics)
			}
			got := resp.ImportedResources[0]
			read := s.read(object{kind: workspaceKind, value: s.unwire(s.typeOf(workspaceKind), got.State), private: got.Private, identity: got.Identity})
			s.succeeded()
			for want, path := range map[string][]string{"imported": {"id"}, "fast": {"home", "storage_class_name"}, "42": {"cost_center"}, "8": {"quota", "cpu"}} {
				if v := read.text(t, path...); v != want {
					t.Errorf("%v is %q, want %q", path, v, want)
				}
			}
		})
	}
}

func TestRefusalByTheClusterIsAtTheAttribute(t *testing.T) {
	s := connected(t)
	made := s.create(workspaceKind, team("refused"))
	// The cluster knows a storage class that the state does not declare: only the API can refuse.
	kubectlEdit(t, "workspaces", "refused", `{"spec":{"home":{"storageClassName":"slow"}}}`)
	s.apply(t.Context(), made, team("refused", `"force_conflicts": true, "home": {"storage_class_name": "fast"}`))
	s.says(`AttributeName("home").AttributeName("storage_class_name")`, "home.storageClassName cannot be changed")
}
