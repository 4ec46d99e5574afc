package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/objectstore"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/engine/airflow"
	"github.com/atoll-platform/atoll/operator/notify"
	"github.com/atoll-platform/atoll/operator/runstore"
	accounts "github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// maxSleep bounds the time between two looks at the clock.
	maxSleep = time.Minute
	// bucketRetry is how soon an object store that does not answer is asked for the bucket again, bucketEvery how often one
	// that does.
	bucketRetry = 10 * time.Second
	bucketEvery = 10 * time.Minute
)

// runOptions are the flags of schedules and runs that need to be read before they are options of the controllers.
type runOptions struct {
	placement string
	egress    []string
	store     objectstore.Options
	notify    notify.Options
	security  string
	airflow   airflow.Options
	digestAt  string
	digest    time.Duration
	namespace string
	// desk is where the pods of runs ask.
	desk string
}

func (o *managerOptions) bindRuns(flags *pflag.FlagSet) {
	r := &o.runs
	flags.IntVar(&o.Schedule.Concurrency, "schedule-concurrency", 16, "how many schedules are worked on at once")
	flags.IntVar(&o.Run.Concurrency, "run-concurrency", 16, "how many runs are worked on at once")
	flags.StringVar(&o.Run.Image, "run-image", "", "the operator's own image, which prepares runs and keeps what they leave")
	flags.StringVar(&o.Run.PriorityClass, "run-priority-class", "atoll-job", "priority class of the pods of runs")
	flags.StringVar(&r.placement, "run-placement", string(v1alpha1.PlacementRelaxed), "Required holds the pods of runs on the nodes of the subcluster job, Relaxed does not")
	flags.DurationVar(&o.Run.KeepPods, "run-keep-pods", time.Hour, "for how long the pods of finished runs stay, for their logs")
	flags.StringSliceVar(&r.egress, "run-egress", nil, "what runs may reach besides the object store, such as git servers: address ranges with a port, like 203.0.113.0/24:443")
	flags.StringVar(&r.store.PublicEndpoint, "object-store-public-endpoint", "", "address at which people reach the object store, for links in messages")
	flags.StringVar(&r.store.Bucket, "run-bucket", "", "bucket that notebooks of runs come from and are kept in; no run begins without one")
	flags.StringVar(&r.desk, "run-bind-address", "", "where the pods of runs ask for what opens their notebooks, such as :8091; needed with a bucket")
	flags.StringVar(&o.Run.Desk, "run-address", "", "that address as the pods reach it, such as http://runs.atoll-directory.svc:8091")
	flags.StringVar(&r.airflow.Endpoint, "airflow-endpoint", "", "address of Airflow's API server; the platform has no engine Airflow without one")
	flags.StringVar(&r.airflow.CredentialsFolder, "airflow-credentials", "", "folder with the files username and password of the operator's account at Airflow")
	flags.StringVar(&r.notify.WebhookFolder, "webhooks", "", "folder with a file for each webhook, which holds its URL")
	flags.StringVar(&r.notify.SMTPHost, "smtp-host", "", "mail relay; no mail is sent without one")
	flags.IntVar(&r.notify.SMTPPort, "smtp-port", 587, "port of the mail relay")
	flags.StringVar(&r.security, "smtp-security", string(notify.SecurityStartTLS), "StartTLS, TLS or None")
	flags.StringVar(&r.notify.SMTPFolder, "smtp-credentials", "", "folder that may have the files username and password")
	flags.StringVar(&r.notify.From, "mail-from", "", "sender's address of mail")
	flags.StringVar(&r.notify.Domain, "mail-domain", "", "what makes an address of a user name that is none, for the daily mail")
	flags.StringSliceVar(&r.notify.MailDomains, "mail-to-domains", nil, "domains that mail may be sent to; all when empty")
	flags.StringVar(&r.digestAt, "digest-at", "06:00", "time of the daily mail, in UTC")
	flags.StringVar(&r.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "the operator's own namespace")
}

// completeRuns checks the flags of runs.
func (o *managerOptions) completeRuns() error {
	r := &o.runs
	switch o.Run.Placement = v1alpha1.Placement(r.placement); o.Run.Placement {
	case v1alpha1.PlacementRequired, v1alpha1.PlacementRelaxed:
	default:
		return fmt.Errorf("--run-placement is %q: set it to Required or Relaxed", r.placement)
	}
	peers, err := parsePeers("run-egress", r.egress)
	if err != nil {
		return err
	}
	o.Workspace.Network.RunEgress = peers
	if r.store.Bucket != "" && o.Run.Image == "" {
		return errors.New("--run-image is empty: name the operator's own image, which every run needs")
	}
	if r.store.Bucket != "" && (r.desk == "" || o.Run.Desk == "") {
		return errors.New("--run-bucket is set, so --run-bind-address and --run-address must be set too")
	}
	switch r.notify.Security = notify.Security(r.security); r.notify.Security {
	case notify.SecurityStartTLS, notify.SecurityTLS, notify.SecurityNone:
	default:
		return fmt.Errorf("--smtp-security is %q: set it to StartTLS, TLS or None", r.security)
	}
	if r.airflow.Endpoint != "" {
		if r.airflow.CredentialsFolder == "" {
			return errors.New("--airflow-credentials is empty: Airflow needs an account of the operator's")
		}
		o.Airflow = airflow.New(r.airflow)
	}
	if r.notify.SMTPHost != "" && r.notify.From == "" {
		return errors.New("--mail-from is empty: mail needs a sender's address")
	}
	at, err := time.Parse("15:04", r.digestAt)
	if err != nil {
		return fmt.Errorf("--digest-at is %q: set it to a time such as 06:00", r.digestAt)
	}
	r.digest = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	r.store.Endpoint, r.store.Region, r.store.CredentialsFolder = o.objectStore.Endpoint, o.objectStore.Region, o.objectStore.Credentials
	o.Workspace.Network.OwnNamespace = r.namespace
	o.Schedule.Bucket = r.store.Bucket
	o.Schedule.MaxSleep, o.Run.MaxSleep = maxSleep, maxSleep
	o.Schedule.Clock, o.Run.Clock = clock.RealClock{}, clock.RealClock{}
	return nil
}

// connectRuns makes what runs need beside the controllers: the object store, and who tells people of them.
func (o *managerOptions) connectRuns(ctx context.Context, mgr manager.Manager) error {
	sender := notify.NewSender(o.runs.notify)
	o.Sender = sender
	digest := &notify.Digest{
		Sender: sender, Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Client: mgr.GetClient(),
		Namespace: o.runs.namespace, At: o.runs.digest, Every: maxSleep, Clock: clock.RealClock{},
	}
	if err := mgr.Add(digest); err != nil {
		return fmt.Errorf("adding the daily mail: %w", err)
	}
	if o.runs.store.Bucket == "" {
		return nil
	}
	live, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), HTTPClient: mgr.GetHTTPClient()})
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	options := o.runs.store
	var ensure func(context.Context) error
	if o.objectStore.IAMEndpoint != "" {
		account := &runstore.Account{
			Store: accounts.New(o.objectStore), Client: live, Namespace: o.runs.namespace, Bucket: options.Bucket, Clock: clock.RealClock{},
		}
		options.Credentials, ensure = account, account.Ensure
	}
	store, err := objectstore.New(ctx, options)
	if err != nil {
		return fmt.Errorf("preparing the object store: %w", err)
	}
	if ensure == nil {
		ensure = store.Ensure
	}
	o.Store = store
	if err := o.serveRuns(mgr, live, store); err != nil {
		return err
	}
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		for ctx.Err() == nil {
			again := bucketEvery
			if err := ensure(ctx); err != nil && ctx.Err() == nil {
				log.FromContext(ctx).Error(err, "making the bucket of runs and its account; it is tried again")
				again = bucketRetry
			}
			select {
			case <-ctx.Done():
			case <-time.After(again):
			}
		}
		return nil
	}))
}

// serveRuns makes every replica answer the pods of runs, whoever leads.
func (o *managerOptions) serveRuns(mgr manager.Manager, live client.Client, store run.Store) error {
	server := &manager.Server{
		Name: "runs",
		Server: &http.Server{
			Addr: o.runs.desk, ReadTimeout: credentialsPatience, WriteTimeout: credentialsPatience,
			Handler: &run.Desk{Client: live, Store: store, Clock: clock.RealClock{}, Log: mgr.GetLogger().WithName("runs")},
		},
		ShutdownTimeout: new(credentialsPatience),
	}
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("adding what answers the pods of runs: %w", err)
	}
	return nil
}
