package cmd

import (
	"context"
	"flag"
	"fmt"
	"net/url"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/internal/version"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
	"github.com/atoll-platform/atoll/operator/target/trino"
)

// leaderElectionID is the name of the Lease by which one replica leads.
const leaderElectionID = "atoll-operator"

// managerOptions are the flags of the manager.
type managerOptions struct {
	controller.Options

	objectStore   objectstore.Options
	aws           role.Options
	leases        leaseOptions
	backupImage   string
	backupBuckets string
	backupKeyFile string

	metricsAddress   string
	healthAddress    string
	leaderElect      bool
	leaderElectionIn string
	runs             runOptions
	grants           grantOptions
	ledger           ledgerOptions
	credentials      credentialsOptions
	trino            trino.Options
	logs             zap.Options
}

func newManager() *cobra.Command {
	o := &managerOptions{logs: zap.Options{TimeEncoder: zapcore.RFC3339TimeEncoder}}
	cmd := &cobra.Command{
		Use:   "manager",
		Short: "Run the controllers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context())
		},
	}
	o.bind(cmd.Flags())
	return cmd
}

func (o *managerOptions) bind(flags *pflag.FlagSet) {
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080", "where metrics are served over plain HTTP; 0 serves none")
	flags.StringVar(&o.healthAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0 serves none")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "let one of several replicas lead")
	flags.StringVar(&o.leaderElectionIn, "leader-election-namespace", "", "namespace of the Lease; the pod's own when empty")
	flags.StringVar(&o.Workspace.HubURL, "hub-url", "", "address of the hub as people see it, for the status of workspaces")
	flags.StringVar(&o.Workspace.Network.HubNamespace, "hub-namespace", "atoll-application", "namespace of the hub and its proxy")
	flags.StringVar(&o.Workspace.Network.DataNamespace, "data-namespace", "atoll-data", "namespace of the object store")
	flags.StringVar(&o.Workspace.StorageClass, "storage-class", "", "storage class of homes whose workspace names none; the cluster's default when empty")
	flags.StringVar(&o.objectStore.Endpoint, "object-store-endpoint", "", "address of the object store's S3, such as http://objectstore.atoll-data:7070; that of S3 in the region when empty")
	flags.StringVar(&o.objectStore.IAMEndpoint, "object-store-iam-endpoint", "", "address of the object store's accounts, such as http://objectstore.atoll-data:7071")
	flags.StringVar(&o.objectStore.Region, "object-store-region", "us-east-1", "region that clients of the object store name")
	flags.StringVar(&o.objectStore.Credentials, "object-store-credentials", "", "folder with the files access-key and secret-key of the account that manages the others; without one AWS is asked for credentials")
	flags.StringVar(&o.backupImage, "backup-image", "", "image of the jobs that back homes up; empty backs up nothing")
	flags.StringVar(&o.backupBuckets, "backup-bucket-prefix", "atoll-backup-", "what the buckets with the backups of homes begin with; the name of a workspace follows")
	flags.StringVar(&o.backupKeyFile, "backup-key-file", "", "file with the key from which the passwords of backups derive")
	flags.IntVar(&o.Backup.Jobs, "backup-jobs", 10, "how many homes are backed up at once")
	flags.IntVar(&o.Workspace.Concurrency, "workspace-concurrency", 16, "how many workspaces are worked on at once")
	flags.IntVar(&o.Profile.Concurrency, "profile-concurrency", 1, "how many profiles are worked on at once")
	o.bindRuns(flags)
	o.bindGrants(flags)
	o.bindLedger(flags)
	o.bindCredentials(flags)
	o.bindTrino(flags)
	o.bindAWS(flags)
	shared := flag.NewFlagSet("manager", flag.ContinueOnError)
	o.logs.BindFlags(shared)
	config.RegisterFlags(shared)
	flags.AddGoFlagSet(shared)
}

func (o *managerOptions) run(ctx context.Context) error {
	log := zap.New(zap.UseFlagOptions(&o.logs))
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	if err := o.complete(ctx); err != nil {
		return err
	}
	mgr, err := o.manager(ctx, log)
	if err != nil {
		return err
	}
	log.Info("starting", "version", version.Version)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the controllers: %w", err)
	}
	return nil
}

// complete checks the flags and derives what follows from them.
func (o *managerOptions) complete(ctx context.Context) error {
	for name, n := range map[string]int{
		"workspace-concurrency": o.Workspace.Concurrency,
		"profile-concurrency":   o.Profile.Concurrency,
		"backup-jobs":           o.Backup.Jobs,
		"schedule-concurrency":  o.Schedule.Concurrency,
		"run-concurrency":       o.Run.Concurrency,
		"datagrant-concurrency": o.DataGrant.Concurrency,
		"dataset-concurrency":   o.Dataset.Concurrency,
	} {
		if n < 1 || n > 64 {
			return fmt.Errorf("--%s is %d: set it from 1 to 64", name, n)
		}
	}
	for _, complete := range []func() error{
		o.completeBackup, o.completeRuns, o.completeGrants, o.completeLedger, o.completeCredentials, o.completeTrino,
		func() error { return o.completeAWS(ctx) },
	} {
		if err := complete(); err != nil {
			return err
		}
	}
	if o.Workspace.HubURL == "" {
		return nil
	}
	hub, err := url.Parse(o.Workspace.HubURL)
	if err != nil || hub.Host == "" || (hub.Scheme != "http" && hub.Scheme != "https") {
		return fmt.Errorf("--hub-url %q is no address of a hub: set it like https://hub.example.com", o.Workspace.HubURL)
	}
	o.Workspace.HubURL = hub.JoinPath("hub", "home").String()
	return nil
}

// completeBackup turns backups on where an image is named; then everything else they need must be named too.
func (o *managerOptions) completeBackup() error {
	if o.backupImage == "" {
		return nil
	}
	for name, value := range map[string]string{
		"object-store-endpoint":     o.objectStore.Endpoint,
		"object-store-iam-endpoint": o.objectStore.IAMEndpoint,
		"object-store-credentials":  o.objectStore.Credentials,
		"backup-key-file":           o.backupKeyFile,
		"backup-bucket-prefix":      o.backupBuckets,
	} {
		if value == "" {
			return fmt.Errorf("--backup-image is set, so --%s must be set too", name)
		}
	}
	o.Backup.Store = backup.Store{
		Image: o.backupImage, Endpoint: o.objectStore.Endpoint, BucketPrefix: o.backupBuckets, Region: o.objectStore.Region,
	}
	o.Backup.KeyFile = o.backupKeyFile
	o.Backup.Accounts = objectstore.New(o.objectStore)
	return nil
}

func (o *managerOptions) manager(ctx context.Context, log logr.Logger) (manager.Manager, error) {
	cfg, err := config.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster, by --kubeconfig, KUBECONFIG or the pod's own account: %w", err)
	}
	// The API server's priority and fairness bounds the requests, and the workers bound those in flight.
	cfg.QPS = -1
	cfg.UserAgent = "atoll-operator/" + version.Version
	if err := awaitAPIServer(ctx, cfg, log); err != nil {
		return nil, err
	}
	scheme, err := controller.Scheme()
	if err != nil {
		return nil, err
	}
	mgr, err := manager.New(cfg, manager.Options{
		Scheme:                        scheme,
		Logger:                        log,
		Cache:                         controller.Cache(),
		Metrics:                       metricsserver.Options{BindAddress: o.metricsAddress},
		HealthProbeBindAddress:        o.healthAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              leaderElectionID,
		LeaderElectionNamespace:       o.leaderElectionIn,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the controllers: %w", err)
	}
	for name, add := range map[string]func(string, healthz.Checker) error{
		"live":  mgr.AddHealthzCheck,
		"ready": mgr.AddReadyzCheck,
	} {
		if err := add(name, healthz.Ping); err != nil {
			return nil, fmt.Errorf("adding the health check %q: %w", name, err)
		}
	}
	if err := o.connectRuns(ctx, mgr); err != nil {
		return nil, err
	}
	if err := o.connectLedger(ctx, mgr); err != nil {
		return nil, err
	}
	if err := o.connectCredentials(mgr); err != nil {
		return nil, err
	}
	if err := controller.Register(ctx, mgr, o.Options); err != nil {
		return nil, err
	}
	return mgr, nil
}
