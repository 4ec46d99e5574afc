package record

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
	"github.com/atoll-platform/atoll/internal/version"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// Dataset is what the ledger keeps of a dataset, with its class in effect.
func Dataset(ds *v1alpha1.Dataset) ledger.Dataset {
	d := granted.Dataset(ds)
	fact := ledger.Dataset{
		Name: d.Name, Owner: d.Owner, Objects: d.Objects, Table: d.Table, Class: d.Class, From: d.DerivedFrom, Sides: d.Conflicts,
		Effective: grant.Class(ds.Status.Classification), Why: ds.Status.ClassifiedBy,
	}
	for _, c := range d.Columns {
		fact.Columns = append(fact.Columns, ledger.Column{Name: c.Name, Class: c.Class})
	}
	return fact
}

// Grant is what the ledger keeps of a grant. Atoms are what it gives; there are none unless it is admitted.
func Grant(dg *v1alpha1.DataGrant, atoms []grant.Atom) ledger.Grant {
	fact := ledger.Grant{
		Name: dg.Name, UID: string(dg.UID), Version: dg.Generation, Dataset: dg.Spec.Dataset, Purpose: dg.Spec.Purpose,
		RequestedBy: string(dg.Spec.RequestedBy), BreakGlass: dg.Spec.Procedure == v1alpha1.ProcedureBreakGlass,
		Phase: string(dg.Status.Phase), Class: grant.Class(dg.Status.Classification), Atoms: grant.Normal(atoms), Compiler: version.Version,
	}
	for _, by := range dg.Spec.ApprovedBy {
		fact.ApprovedBy = append(fact.ApprovedBy, string(by))
	}
	slices.Sort(fact.ApprovedBy)
	if r := dg.Spec.Revocation; r != nil {
		fact.RevokedBy, fact.Revoked = string(r.By), r.Reason
	}
	if ready := meta.FindStatusCondition(dg.Status.Conditions, v1alpha1.ConditionReady); ready != nil && len(atoms) == 0 {
		fact.Reason = ready.Message
	}
	for _, t := range dg.Status.Targets {
		fact.Targets = append(fact.Targets, ledger.Target{Name: string(t.Name), State: string(t.State), Digest: t.Digest, Expiry: string(t.Expiry)})
	}
	return fact
}

// Workspace is what the ledger keeps of a workspace: who works in it.
func Workspace(ws *v1alpha1.Workspace) ledger.Workspace {
	people, groups := granted.Members(ws)
	slices.Sort(people)
	slices.Sort(groups)
	return ledger.Workspace{Name: ws.Name, People: people, Groups: groups}
}
