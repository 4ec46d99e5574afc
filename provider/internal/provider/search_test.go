package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// What needs Terraform 1.14 is tested by its protocol: the command line of the tests may be older.

var scheduleIdentity = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"workspace": tftypes.String, "name": tftypes.String}}

func identified(workspace, name string) tftypes.Value {
	return tftypes.NewValue(scheduleIdentity, map[string]tftypes.Value{
		"workspace": tftypes.NewValue(tftypes.String, workspace), "name": tftypes.NewValue(tftypes.String, name),
	})
}

// found lists the schedules that a list block with the configuration finds.
func (s *session) found(config string, limit int64, whole bool) []tfprotov6.ListResourceResult {
	return s.foundOf(scheduleKind, config, limit, whole)
}

func (s *session) foundOf(kind, config string, limit int64, whole bool) []tfprotov6.ListResourceResult {
	s.t.Helper()
	typ := s.schema.ListResourceSchemas[kind].ValueType()
	api, ok := s.api.(tfprotov6.ProviderServerWithListResource) //nolint:staticcheck // this version of the protocol has it in no other interface
	if !ok {
		s.t.Fatal("the provider lists nothing")
	}
	stream, err := api.ListResource(s.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: kind, Config: s.wire(typ, s.decode(typ, config)), Limit: limit, IncludeResource: whole,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var all []tfprotov6.ListResourceResult
	for r := range stream.Results {
		for _, d := range r.Diagnostics {
			s.t.Errorf("%s: %s", d.Summary, d.Detail)
		}
		all = append(all, r)
	}
	return all
}

func TestSchedulesAreFound(t *testing.T) {
	const plain = `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Schedule", "metadata": {"name": %q, "namespace": %q}, "spec":
		{"owner":"ada","profile":"python","cron":"@daily","tasks":[{"name":"load","notebook":{"home":"load.ipynb"},"parameters":[{"name":"day","value":"{{ run.date }}"}]}]}}`
	for _, workspace := range []string{"searched", "beside"} {
		inWorkspace(t, workspace)
		for _, name := range []string{"b", "a", "c"} {
			kubectlCreate(t, "schedules", fmt.Sprintf(plain, name, "ws-"+workspace))
		}
	}
	s := connected(t)
	got := s.found(`{"workspace": "searched"}`, 0, true)
	var names []string
	for _, r := range got {
		names = append(names, r.DisplayName)
	}
	if strings.Join(names, " ") != "searched/a searched/b searched/c" {
		t.Fatalf("found %v", names)
	}
	if seen := server.Requests.Seen(); len(seen) != 1 {
		t.Errorf("it asked %v to list them", seen)
	}
	if all := s.found(`{}`, 0, false); len(all) < 6 || all[0].Resource != nil {
		t.Errorf("found %d in every workspace", len(all))
	}
	if few := s.found(`{"workspace": "searched"}`, 2, false); len(few) != 2 {
		t.Errorf("found %d although 2 were asked for", len(few))
	}

	// What is found can be imported by what it is found by, and is the same then.
	identity, err := got[1].Identity.IdentityData.Unmarshal(scheduleIdentity)
	if err != nil || !identity.Equal(identified("searched", "b")) {
		t.Fatal(identity, err)
	}
	imported := s.importByIdentity(scheduleKind, identity)
	whole, err := got[1].Resource.Unmarshal(s.typeOf(scheduleKind))
	if err != nil {
		t.Fatal(err)
	}
	diffs, err := imported.value.Diff(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		t.Errorf("%s: imported as %v, found as %v", dotted(d.Path), d.Value1, d.Value2)
	}
}

// invoked has the action run with a configuration, and returns what it says.
func (s *session) invoked(config string) (progress, problems []string) {
	s.t.Helper()
	typ := s.schema.ActionSchemas["atoll_schedule_run"].Schema.ValueType()
	api, ok := s.api.(tfprotov6.ProviderServerWithActions) //nolint:staticcheck // this version of the protocol has it in no other interface
	if !ok {
		s.t.Fatal("the provider has no actions")
	}
	stream, err := api.InvokeAction(s.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: "atoll_schedule_run", Config: s.wire(typ, s.decode(typ, config))})
	if err != nil {
		s.t.Fatal(err)
	}
	for event := range stream.Events {
		switch e := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, e.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			for _, d := range e.Diagnostics {
				problems = append(problems, d.Summary+": "+d.Detail)
			}
		}
	}
	return progress, problems
}

func TestScheduleIsRunNow(t *testing.T) {
	inWorkspace(t, "asked")
	kubectlCreate(t, "schedules", `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Schedule", "metadata": {"name": "daily", "namespace": "ws-asked"}, "spec":
		{"owner":"ada","profile":"python","cron":"@daily","tasks":[{"name":"load","notebook":{"home":"load.ipynb"}}]}}`)
	s := connected(t)
	for _, tt := range []struct {
		config string
		// ends is the phase that the run takes; it has none where nobody waits.
		ends v1alpha1.RunPhase
		want string
	}{
		{`{"workspace":"asked","schedule":"daily","wait":false}`, "", ""},
		{`{"workspace":"asked","schedule":"daily"}`, v1alpha1.RunSucceeded, ""},
		{`{"workspace":"asked","schedule":"daily"}`, v1alpha1.RunFailed, "is Failed: NotebookFailed: cell 2"},
		{`{"workspace":"asked","schedule":"daily","timeout":"1s"}`, "", "it is still Pending"},
		{`{"workspace":"asked","schedule":"nightly"}`, "", "There is no schedule asked/nightly"},
	} {
		done := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			defer close(done)
			if tt.ends != "" {
				endNewest(ctx, t, "ws-asked", tt.ends)
			}
		}()
		progress, problems := s.invoked(tt.config)
		stop()
		<-done
		if got := strings.Join(problems, "; "); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: it says %q after %v", tt.config, got, progress)
		}
	}
}

// endNewest ends the run that has no phase yet, as the operator would.
func endNewest(ctx context.Context, t *testing.T, namespace string, phase v1alpha1.RunPhase) {
	runs := server.Admin.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace(namespace)
	before, err := runs.List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	known := map[string]bool{}
	for i := range before.Items {
		known[before.Items[i].GetName()] = true
	}
	for ctx.Err() == nil {
		list, err := runs.List(ctx, metav1.ListOptions{})
		if err != nil {
			return
		}
		for i := range list.Items {
			r := &list.Items[i]
			if ended, _, _ := unstructured.NestedString(r.Object, "status", "completionTime"); known[r.GetName()] || ended != "" {
				continue
			}
			patch := fmt.Sprintf(`{"status":{"phase":%q,"reason":"NotebookFailed","message":"cell 2","completionTime":"2026-03-31T04:30:00Z"}}`, phase)
			if _, err := runs.Patch(ctx, r.GetName(), types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status"); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestRunNowIsCheckedBefore(t *testing.T) {
	s := newSession(t, `{}`)
	typ := s.schema.ActionSchemas["atoll_schedule_run"].Schema.ValueType()
	for config, want := range map[string]string{
		`{"workspace":"Fraud","schedule":"daily"}`:                  "workspace",
		`{"workspace":"fraud","schedule":"daily","timeout":"soon"}`: "timeout",
	} {
		api := s.api.(tfprotov6.ProviderServerWithActions) //nolint:staticcheck // this version of the protocol has it in no other interface
		resp, err := api.ValidateActionConfig(t.Context(),
			&tfprotov6.ValidateActionConfigRequest{ActionType: "atoll_schedule_run", Config: s.wire(typ, s.decode(typ, config))})
		if err != nil {
			t.Fatal(err)
		}
		if len(resp.Diagnostics) == 0 || !strings.Contains(resp.Diagnostics[0].Attribute.String(), want) {
			t.Errorf("%s: %v", config, resp.Diagnostics)
		}
	}
}
