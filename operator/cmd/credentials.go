package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// sweepEvery is how often keys are looked for that nobody may use any more.
	sweepEvery = 10 * time.Minute
	// credentialsPatience bounds a request of a pod, and what is left of one when the operator ends.
	credentialsPatience = 30 * time.Second
)

// credentialsOptions are the flags of what gives people's pods credentials for data.
type credentialsOptions struct {
	address string
	folder  string
	egress  []string
}

func (o *managerOptions) bindCredentials(flags *pflag.FlagSet) {
	flags.StringVar(&o.credentials.address, "credentials-bind-address", "", "where people's servers and runs get credentials for data, such as :8090; none are given when empty")
	flags.StringVar(&o.credentials.folder, "data-access", "", "folder with the files config and credentials.py, which make runs find the object store")
	flags.StringSliceVar(&o.credentials.egress, "data-egress", nil, "where people's servers and runs find data outside of the cluster, such as the addresses of S3: ranges with a port, like 203.0.113.0/24:443")
}

func (o *managerOptions) completeCredentials() error {
	o.CredentialRequest.Account, o.CredentialRequest.Clock = objectstore.Account, clock.RealClock{}
	o.CredentialRequest.Endpoint, o.CredentialRequest.Region = cmp.Or(o.runs.store.PublicEndpoint, o.objectStore.Endpoint), o.objectStore.Region
	if o.credentials.address != "" && !o.storeAccounts() && !o.handsOut() {
		return errors.New("--credentials-bind-address is set, so what is given there must be set too: --object-store-iam-endpoint and " +
			"--object-store-credentials, or --aws-lake-formation-catalog or --aws-access-grants-bucket")
	}
	peers, err := parsePeers("data-egress", o.credentials.egress)
	if err != nil {
		return err
	}
	o.Workspace.Network.DataEgress = append(o.Workspace.Network.DataEgress, peers...)
	if o.credentials.folder == "" {
		return nil
	}
	var files [2][]byte
	for i, name := range []string{"config", "credentials.py"} {
		var err error
		if files[i], err = os.ReadFile(filepath.Join(o.credentials.folder, name)); err != nil {
			return fmt.Errorf("reading --data-access: %w", err)
		}
	}
	o.Run.DataAccess = run.DataAccess{Config: string(files[0]), Credentials: string(files[1])}
	return nil
}

// storeAccounts says whether the platform manages accounts of the object store.
func (o *managerOptions) storeAccounts() bool {
	return o.objectStore.IAMEndpoint != "" && o.objectStore.Credentials != ""
}

// connectCredentials makes every replica give credentials, whoever leads.
func (o *managerOptions) connectCredentials(mgr manager.Manager) error {
	if o.credentials.address == "" {
		return nil
	}
	live, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), HTTPClient: mgr.GetHTTPClient()})
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	givers := map[string]credentials.Giver{}
	for _, l := range o.leases.open {
		givers[credentials.LeasePath(l.Kind())] = &credentials.Assumed{Leases: l, Clock: clock.RealClock{}}
	}
	if o.storeAccounts() {
		store := objectstore.New(o.objectStore)
		keys := &credentials.Keys{Accounts: store, Client: live, Namespace: o.runs.namespace, Clock: clock.RealClock{}}
		lease := credentials.PolicyLease{Accounts: store}
		o.CredentialRequest.Lender = &credentials.Lender{Lease: lease, Keys: keys, Clock: clock.RealClock{}}
		givers[credentials.Path] = &credentials.Store{Lease: lease, Keys: keys, Account: objectstore.AccountOf, Clock: clock.RealClock{}}
		if err := mgr.Add(sweep(keys)); err != nil {
			return fmt.Errorf("adding the sweeper of keys: %w", err)
		}
	}
	server := &manager.Server{
		Name: "credentials",
		Server: &http.Server{
			Addr: o.credentials.address, ReadTimeout: credentialsPatience, WriteTimeout: credentialsPatience,
			Handler: &credentials.Broker{Client: live, Givers: givers, Log: mgr.GetLogger().WithName("credentials")},
		},
		ShutdownTimeout: new(credentialsPatience),
	}
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("adding the giver of credentials: %w", err)
	}
	return nil
}

// sweep takes away keys that nobody may use any more.
func sweep(keys *credentials.Keys) manager.RunnableFunc {
	return func(ctx context.Context) error {
		wait.UntilWithContext(ctx, func(ctx context.Context) {
			if err := keys.Sweep(ctx); err != nil && ctx.Err() == nil {
				log.FromContext(ctx).Error(err, "taking away old keys of people's accounts; it is tried again")
			}
		}, sweepEvery)
		return nil
	}
}
