package provider_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// renamed is a good configuration of another name, with changes: what was and what is.
func renamed(config, name string, changes ...string) string {
	return configured(strings.NewReplacer(append([]string{`"bad"`, `"this"`, `"good"`, `"` + name + `"`}, changes...)...).Replace(config))
}

func action(address string, want plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, want)}}
}

func TestDatasetLife(t *testing.T) {
	const address = "atoll_dataset.this"
	at := tfjsonpath.New[string]
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy:             func(*terraform.State) error { return absent(t, "datasets", "lived") },
		Steps: []resource.TestStep{
			{
				Config: renamed(goodDataset, "lived"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, at("id"), knownvalue.StringExact("lived")),
					statecheck.ExpectKnownValue(address, at("columns").AtSliceIndex(0).AtMapKey("description"), knownvalue.Null()),
				},
			},
			{ResourceName: address, ImportState: true, ImportStateId: "lived", ImportStateVerify: true},
			{
				Config:           renamed(goodDataset, "lived", `"C2"`, `"C3"`, `"olga"`, `"zoe"`),
				ConfigPlanChecks: action(address, plancheck.ResourceActionUpdate),
			},
			{
				Config: renamed(goodDataset, "lived", `{ object_prefix = { bucket = "lake", prefix = "sales/eu/" } }`,
					`{ table = { catalog = "lake", schema = "risk", table = "sales" } }`),
				ExpectError: regexp.MustCompile(`location cannot turn from objects into a table or back`),
			},
			{
				Config: renamed(goodDataset, "lived") + "data \"atoll_dataset\" \"one\" {\n  name = atoll_dataset.this.name\n}\n",
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("data.atoll_dataset.one", at("location").AtMapKey("object_prefix").AtMapKey("prefix"), knownvalue.StringExact("sales/eu/")),
					statecheck.ExpectKnownValue("data.atoll_dataset.one", at("ready"), knownvalue.Bool(true)),
				},
			},
		},
	})
}

// A grant never changes: what is another grant shows as a replacement. Approvals and a revocation are added in place.
func TestGrantLife(t *testing.T) {
	const address = "atoll_data_grant.this"
	grant := func(changes ...string) string { return renamed(goodGrant, "granted", changes...) }
	const approved = `["olga"]`
	revoked := "[\"olga\", \"zoe\"]\n  revocation = { by = \"zoe\", reason = \"the report is done\" }"
	at := tfjsonpath.New[string]
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy:             func(*terraform.State) error { return absent(t, "datagrants", "granted") },
		Steps: []resource.TestStep{
			{Config: grant(`  approved_by  = ["olga"]`, ``)},
			{Config: grant(), ConfigPlanChecks: action(address, plancheck.ResourceActionUpdate)},
			{ResourceName: address, ImportState: true, ImportStateId: "granted", ImportStateVerify: true},
			{Config: grant(approved, `["olga", "zoe"]`), ConfigPlanChecks: action(address, plancheck.ResourceActionUpdate)},
			{Config: grant(approved, revoked), ConfigPlanChecks: action(address, plancheck.ResourceActionUpdate)},
			{
				// A revocation is not taken back: it is another grant.
				Config: grant(approved, `["olga", "zoe"]`), ConfigPlanChecks: action(address, plancheck.ResourceActionDestroyBeforeCreate),
			},
			{Config: grant(), ConfigPlanChecks: action(address, plancheck.ResourceActionDestroyBeforeCreate)},
			{
				Config: grant(`"2027-03-08T08:00:00Z"`, `"2027-03-09T08:00:00Z"`), ConfigPlanChecks: action(address, plancheck.ResourceActionDestroyBeforeCreate),
			},
			{
				Config:           grant(`"2027-03-08T08:00:00Z"`, `"2027-03-09T08:00:00Z"`, `["NL"]`, `["NL", "BE"]`),
				ConfigPlanChecks: action(address, plancheck.ResourceActionDestroyBeforeCreate),
			},
			{
				Config: grant() + "data \"atoll_data_grant\" \"one\" {\n  name = atoll_data_grant.this.name\n}\n",
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("data.atoll_data_grant.one", at("subject").AtMapKey("name"), knownvalue.StringExact("bob")),
					statecheck.ExpectKnownValue("data.atoll_data_grant.one", at("targets"), knownvalue.ListSizeExact(0)),
				},
			},
			{Config: configured(""), ConfigPlanChecks: action(address, plancheck.ResourceActionDestroy)},
		},
	})
}

// Each change of what an approval spoke of replaces the grant.
func TestEveryChangeOfAGrantIsAnotherGrant(t *testing.T) {
	s := connected(t)
	made := s.create(grantKind, renamedJSON())
	for what, change := range map[string][2]string{
		"subject": {`"name": "bob"}`, `"name": "eve"}`}, "dataset": {`"payments"`, `"others"`}, "selector": {`["iban"]`, `["iban", "amount"]`},
		"actions": {`["Select"]`, `["Select", "Delete"]`}, "not_before": {"2027-03-01", "2027-03-02"}, "not_after": {"2027-03-08", "2027-03-07"},
		"ceiling": {`"C3"`, `"C2"`}, "purpose": {"of the week", "of the month"}, "procedure": {`"Standard"`, `"BreakGlass"`}, "requested_by": {`"requested_by": "bob"`, `"requested_by": "ada"`},
		"approved_by": {`["olga"]`, `["zoe"]`},
	} {
		plan := s.plan(made, strings.Replace(renamedJSON(), change[0], change[1], 1))
		var replaced []string
		for _, p := range plan.RequiresReplace {
			replaced = append(replaced, p.String())
		}
		if !strings.Contains(strings.Join(replaced, " "), what) {
			t.Errorf("%s: a change replaces %v", what, replaced)
		}
	}
	for what, config := range map[string]string{
		"an approval":  strings.Replace(renamedJSON(), `["olga"]`, `["olga", "zoe"]`, 1),
		"a revocation": strings.Replace(renamedJSON(), `["olga"]`, `["olga"], "revocation": {"by": "olga", "reason": "done"}`, 1),
	} {
		if plan := s.plan(made, config); len(plan.RequiresReplace) > 0 {
			t.Errorf("%s replaces the grant: %v", what, plan.RequiresReplace)
		}
	}
}

func renamedJSON() string {
	return `{"name": "varied", "subject": {"kind": "User", "name": "bob"}, "dataset": "payments", "selector": {"columns": ["iban"]}, "actions": ["Select"],
		"not_before": "2027-03-01T08:00:00Z", "not_after": "2027-03-08T08:00:00Z", "ceiling": "C3", "purpose": "the report of the week",
		"procedure": "Standard", "requested_by": "bob", "approved_by": ["olga"]}`
}

// An approval that people wait for, and a window that has not begun, are no reason to wait.
func TestAGrantThatWaitsIsNotWaitedFor(t *testing.T) {
	for name, reason := range map[string]string{"waits-approval": v1alpha1.ReasonAwaitingApproval, "waits-time": v1alpha1.ReasonScheduled} {
		server.Operator.Treat(name, kubetest.NotReady(reason, "It waits."))
		s := connected(t)
		s.create(grantKind, strings.Replace(strings.Replace(renamedJSON(), `"varied"`, `"`+name+`"`, 1), `"ceiling"`, `"timeouts": {"create": "20s"}, "ceiling"`, 1))
		if said := s.said(); strings.Contains(said, "is not ready yet") {
			t.Errorf("%s: it waited until: %s", name, said)
		}
	}
}

func TestARefusedGrantIsAnError(t *testing.T) {
	server.Operator.Treat("refused-grant", kubetest.Stalled(v1alpha1.ReasonRuleBroken, "the data counts as C4, above the ceiling C3 of the grant"))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config:      renamed(goodGrant, "refused-grant"),
			ExpectError: regexp.MustCompile(`(?s)DataGrant refused-grant is stalled: RuleBroken.*above the ceiling C3`),
		}},
	})
}

func TestGrantsAndDatasetsAreFound(t *testing.T) {
	kubectlCreate(t, "datasets", strings.Replace(goodDatasetManifest, `"good"`, `"searched"`, 1))
	kubectlCreate(t, "datagrants", strings.Replace(goodGrantManifest, `"good"`, `"searched"`, 1))
	s := connected(t)
	for _, kind := range []string{datasetKind, grantKind} {
		var names []string
		for _, r := range s.foundOf(kind, `{}`, 0, true) {
			names = append(names, r.DisplayName)
			if r.DisplayName != "searched" {
				continue
			}
			whole, err := r.Resource.Unmarshal(s.typeOf(kind))
			if err != nil {
				t.Fatal(err)
			}
			diffs, err := s.importByID(kind, "searched").value.Diff(whole)
			if err != nil || len(diffs) > 0 {
				t.Errorf("%s: imported and found differ: %v %v", kind, diffs, err)
			}
		}
		if !strings.Contains(strings.Join(names, " "), "searched") {
			t.Errorf("%s: found %v", kind, names)
		}
	}
}
