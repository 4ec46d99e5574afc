// Package controller lists the operator's controllers and what they need of the cluster.
//
// The rights they use, and no others, are in the ClusterRole atoll-operator of charts/directory/operator; a test
// here runs them with exactly that role. The markers below state the same for readers:
//
// +kubebuilder:rbac:groups=atoll.dev,resources=workspaces;profiles,verbs=get;list;watch
// +kubebuilder:rbac:groups=atoll.dev,resources=workspaces,verbs=patch
// +kubebuilder:rbac:groups=atoll.dev,resources=workspaces/status;profiles/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces;resourcequotas;limitranges;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=bind,resourceNames=atoll-workspace-owner;atoll-workspace-member;atoll-workspace-viewer;atoll-hub-spawner
// +kubebuilder:rbac:groups="",resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;patch,resourceNames=backup
// +kubebuilder:rbac:groups=storage.k8s.io,resources=storageclasses,verbs=get
// +kubebuilder:rbac:groups=snapshot.storage.k8s.io,resources=volumesnapshotclasses,verbs=list
// +kubebuilder:rbac:groups=snapshot.storage.k8s.io,resources=volumesnapshots,verbs=get;list;create;delete
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch;create;delete;deletecollection
// +kubebuilder:rbac:groups=atoll.dev,resources=schedules,verbs=get;list;watch
// +kubebuilder:rbac:groups=atoll.dev,resources=runs,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=atoll.dev,resources=schedules/status;runs/status,verbs=patch
// +kubebuilder:rbac:groups=atoll.dev,resources=datasets,verbs=get;list;watch
// +kubebuilder:rbac:groups=atoll.dev,resources=datagrants,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=atoll.dev,resources=datasets/status;datagrants/status,verbs=patch
// +kubebuilder:rbac:groups=atoll.dev,resources=accessqueries,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=atoll.dev,resources=accessqueries/status,verbs=patch
// +kubebuilder:rbac:groups=atoll.dev,resources=credentialrequests,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=atoll.dev,resources=credentialrequests/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;update,resourceNames=atoll-runs,namespace=atoll-directory
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;update,resourceNames=atoll-digest,namespace=atoll-directory
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=create,namespace=atoll-directory
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update,namespace=atoll-directory
package controller

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/accessquery"
	"github.com/atoll-platform/atoll/operator/controller/backup"
	"github.com/atoll-platform/atoll/operator/controller/credentialrequest"
	"github.com/atoll-platform/atoll/operator/controller/datagrant"
	"github.com/atoll-platform/atoll/operator/controller/dataset"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/controller/personrole"
	"github.com/atoll-platform/atoll/operator/controller/profile"
	"github.com/atoll-platform/atoll/operator/controller/record"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/controller/schedule"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/podidentity"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
	"github.com/atoll-platform/atoll/operator/target/trino"
)

// Name is how events name the operator.
const Name = "atoll-operator"

// Options of all controllers.
type Options struct {
	Workspace workspace.Options
	Profile   profile.Options
	Backup    backup.Options
	Schedule  schedule.Options
	Run       run.Options
	Dataset   dataset.Options
	DataGrant datagrant.Options
	// AccessQuery is how questions about access are answered.
	AccessQuery accessquery.Options
	// CredentialRequest is how those outside of the cluster get keys.
	CredentialRequest credentialrequest.Options
	// Ledger keeps what becomes of grants; nil where the platform keeps none.
	Ledger record.Ledger
	// Ghost is how access without a grant is looked for.
	Ghost ghost.Options
	// Objects is the object store whose accounts people have, nil where there is none: then nothing enforces grants of objects.
	Objects *objectstore.Client
	// Roles are those of people on AWS, and Associations say whose pods have them; both nil elsewhere.
	Roles        *role.Grants
	Associations *podidentity.Associations
	// Leases are the services of AWS that hand data out to people.
	Leases []ghost.Leases
	// Decisions is the decision point of Trino, nil where there is none: then nothing enforces grants of tables.
	Decisions *trino.Client
	// Store keeps executed notebooks; nil where there is none, and then no run begins.
	Store run.Store
	// Sender tells people of runs that failed.
	Sender run.Sender
	// Airflow is the engine of that name; nil where the platform does not have it.
	Airflow run.Engine
}

// registrar is a controller that a manager can run.
type registrar interface {
	Register(manager.Manager) error
}

// all is the list of controllers.
func all(mgr manager.Manager, opts Options) []registrar {
	opts.Schedule.Airflow = opts.Airflow != nil
	saver := backup.NewSaver(mgr.GetClient(), mgr.GetAPIReader(), opts.Backup)
	opts.Workspace.Final = saver.Final
	list := []registrar{
		workspace.NewController(mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder(Name), opts.Workspace),
		profile.NewController(mgr.GetClient(), opts.Profile),
		schedule.NewController(mgr.GetClient(), mgr.GetAPIReader(), opts.Schedule),
		run.NewController(mgr.GetClient(), mgr.GetAPIReader(), opts.Store, opts.Sender, opts.Airflow, opts.Run),
	}
	book := target.NewBook()
	if opts.Objects != nil {
		grants := objectstore.NewGrants(opts.Objects)
		opts.DataGrant.Targets = append(opts.DataGrant.Targets, grants)
		watch := ghost.NewWatch(mgr.GetClient(), opts.Objects, grants, book, opts.Ghost)
		opts.AccessQuery.Targets = append(opts.AccessQuery.Targets, watch)
		list = append(list, watch)
	}
	if opts.Roles != nil {
		opts.DataGrant.Targets = append(opts.DataGrant.Targets, opts.Roles)
		watch := ghost.NewRoleWatch(opts.Roles, book, opts.Ghost)
		opts.AccessQuery.Targets = append(opts.AccessQuery.Targets, watch)
		list = append(list, watch, personrole.NewController(mgr.GetClient(), opts.Roles, opts.Associations))
	}
	for _, leases := range opts.Leases {
		opts.DataGrant.Targets = append(opts.DataGrant.Targets, leases)
		watch := ghost.NewLeaseWatch(leases, book, opts.Ghost)
		opts.AccessQuery.Targets = append(opts.AccessQuery.Targets, watch)
		list = append(list, watch)
	}
	if opts.Ledger != nil {
		opts.DataGrant.Ledger = opts.Ledger
		list = append(list, record.NewController(mgr.GetClient(), opts.Ledger))
	}
	if opts.Decisions != nil {
		grants := trino.NewGrants(opts.Decisions, ghost.ConflictingTables(mgr.GetClient()))
		opts.DataGrant.Targets = append(opts.DataGrant.Targets, grants)
		watch := ghost.NewPolicyWatch(opts.Decisions, grants, book, opts.Ghost)
		opts.AccessQuery.Targets = append(opts.AccessQuery.Targets, watch)
		list = append(list, watch)
	}
	list = append(list,
		accessquery.NewController(mgr.GetClient(), opts.AccessQuery),
		credentialrequest.NewController(mgr.GetClient(), mgr.GetAPIReader(), opts.CredentialRequest),
		dataset.NewController(mgr.GetClient(), opts.Dataset),
		datagrant.NewController(mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder(Name), book, opts.DataGrant),
	)
	if opts.Backup.On() {
		list = append(list, backup.NewController(saver, mgr.GetEventRecorder(Name)))
	}
	return list
}

// Register makes the manager run every controller.
func Register(ctx context.Context, mgr manager.Manager, opts Options) error {
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	for _, c := range all(mgr, opts) {
		if err := c.Register(mgr); err != nil {
			return fmt.Errorf("registering %T: %w", c, err)
		}
	}
	return nil
}

// Scheme knows the kinds that the controllers read and write.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding Kubernetes' kinds: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding the platform's kinds: %w", err)
	}
	return scheme, nil
}
