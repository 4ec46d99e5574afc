// Package v1alpha1 holds the kinds of the platform's API, group atoll.dev.
//
// The types are the single source of the CRDs, of the Terraform provider's
// validation and of platform.yaml. Bounds and CEL rules stand here so that
// kubectl, Terraform and the installer refuse the same input with the same words.
//
// +kubebuilder:object:generate=true
// +groupName=atoll.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the API group and version of every kind in this package.
	GroupVersion = schema.GroupVersion{Group: "atoll.dev", Version: "v1alpha1"}

	schemeBuilder = runtime.NewSchemeBuilder(func(s *runtime.Scheme) error {
		s.AddKnownTypes(GroupVersion,
			&Workspace{}, &WorkspaceList{},
			&Profile{}, &ProfileList{},
			&Schedule{}, &ScheduleList{},
			&Run{}, &RunList{},
			&AccessQuery{}, &AccessQueryList{},
			&CredentialRequest{}, &CredentialRequestList{},
			&Dataset{}, &DatasetList{},
			&DataGrant{}, &DataGrantList{},
			&GroupMembership{}, &GroupMembershipList{},
			&Platform{}, &PlatformList{},
		)
		metav1.AddToGroupVersion(s, GroupVersion)
		return nil
	})

	// AddToScheme registers the kinds with a scheme.
	AddToScheme = schemeBuilder.AddToScheme
)
