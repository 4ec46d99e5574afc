package managed

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/internal/kube"
)

// Object names what a diagnostic speaks of.
type Object struct {
	// Kind in the cluster, and Type in Terraform.
	Kind, Type string
	Name       string
}

func (o Object) String() string { return o.Kind + " " + o.Name }

// Report turns an error of the core into diagnostics, at the attributes where it names fields.
func (o Object) Report(doing string, err error, diags *diag.Diagnostics) {
	var (
		conflict *kube.ConflictError
		invalid  *kube.InvalidError
		stalled  *kube.StalledError
		late     *kube.TimeoutError
	)
	switch {
	case errors.As(err, &conflict):
		for _, f := range conflict.Fields {
			diags.AddAttributeError(attributeOf(f.Path), fmt.Sprintf("%s of %s is held by %q", f.Path, o, f.Manager),
				fmt.Sprintf("The field manager %q set this field of the object outside of this configuration, so it was left alone and nothing was changed. "+
					"Declare the same value here, take the change back there, or set force_conflicts = true to take the field over.", f.Manager))
		}
	case errors.As(err, &invalid):
		for _, f := range invalid.Fields {
			diags.AddAttributeError(attributeOf(f.Path), fmt.Sprintf("The cluster refused %s of %s", f.Path, o), f.Message+".")
		}
	case errors.As(err, &stalled):
		diags.AddError(fmt.Sprintf("%s is stalled: %s", o, stalled.Condition.Reason),
			stalled.Condition.Message+"\n\nThe operator waits until the object is changed; homes are kept in any case.")
	case errors.As(err, &late):
		diags.AddError(fmt.Sprintf("%s is not %s yet", o, late.For), late.Error()+
			".\n\nIt is still in the state. A finalizer is taken away by its owner when its work is done: look at the owner's log. "+
			"A longer wait is set by the attribute timeouts.")
	case errors.Is(err, kube.ErrExists):
		diags.AddAttributeError(path.Root("name"), o.String()+" exists already",
			fmt.Sprintf("It is not created by this resource and was left as it is. To manage it here, import it: terraform import %s.<label> %s", o.Type, o.Name))
	case errors.Is(err, kube.ErrNamespaceMissing):
		diags.AddAttributeError(path.Root("workspace"), "The workspace of "+o.String()+" does not exist", err.Error()+
			".\n\nName a workspace that is there. One that this configuration makes is named by reference, such as atoll_workspace.fraud.name, "+
			"so that it is made first.")
	case errors.Is(err, kube.ErrKindMissing):
		diags.AddError("The cluster does not serve the kind "+o.Kind, err.Error()+
			".\n\nInstall the platform with `atoll bootstrap`, and check that the provider's configuration names the right cluster.")
	case errors.Is(err, kube.ErrNotFound):
		diags.AddError(o.String()+" is gone", "It was deleted by someone else since it was planned. Plan again.")
	case apierrors.IsForbidden(err):
		diags.AddError(fmt.Sprintf("Not allowed to %s %s", doing, o), err.Error())
	default:
		diags.AddError(fmt.Sprintf("Could not %s %s", doing, o), err.Error())
	}
}

// ReportCondition warns where the object is not ready or not looked at yet.
func ReportCondition[T any](o Object, store *kube.Store[T], live *T, diags *diag.Diagnostics) {
	if stalled := store.Stalled(live); stalled != nil {
		diags.AddWarning(fmt.Sprintf("%s is stalled: %s", o, stalled.Reason), stalled.Message)
		return
	}
	ready, current := store.Ready(live)
	switch {
	case ready == nil || !current:
		diags.AddWarning(o.String()+" is not ready yet", "The operator has not looked at its latest generation. Is atoll-operator running?")
	case ready.Status != metav1.ConditionTrue:
		diags.AddWarning(fmt.Sprintf("%s is not ready: %s", o, ready.Reason), ready.Message)
	}
}
