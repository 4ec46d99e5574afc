package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

	"github.com/atoll-platform/atoll/internal/version"
	"github.com/atoll-platform/atoll/operator/policy"
)

const (
	// keysEvery is how often the API server's keys are fetched, keysSoon how soon again after a failure.
	keysEvery, keysSoon = 5 * time.Minute, 5 * time.Second
	// shutdown is how long requests may take that were begun when the decision point is told to end.
	shutdown = 5 * time.Second
)

// policyOptions are the flags of the decision point.
type policyOptions struct {
	policy.Options

	listen, pushListen  string
	keystore, tokenFile string
	keys                bool
}

func newPolicy() *cobra.Command {
	o := &policyOptions{}
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Decide for Trino who may see which data",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.bind(cmd.Flags())
	return cmd
}

func (o *policyOptions) bind(flags *pflag.FlagSet) {
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8181", "where Trino asks, over plain HTTP and so on the loopback interface only")
	flags.StringVar(&o.pushListen, "push-listen", ":8444", "where the operator pushes grants, over TLS")
	flags.StringVar(&o.keystore, "tls-keystore", "/etc/atoll/tls/keystore.pem", "file with the certificate for the operator, and its key")
	flags.StringVar(&o.tokenFile, "push-token-file", "/etc/atoll/push/token", "file with the token that the operator shows")
	flags.StringVar(&o.Folder, "folder", "/var/lib/atoll-policy", "folder that keeps the grants")
	flags.DurationVar(&o.StaleAfter, "stale-after", time.Hour, "for how long grants count that the operator does not confirm")
	flags.DurationVar(&o.Hold, "conflict-hold", 2*time.Minute, "for how long a person who read one side of a conflict class may not read another; longer than Trino's query.max-planning-time")
	flags.StringSliceVar(&o.Administrators, "administrators", nil, "Trino users who may define tables; they read nothing without a grant")
	flags.StringVar(&o.Watcher, "watcher", "atoll:metrics", "the Trino user that reads metrics; no person can have a name with a colon")
	flags.BoolVar(&o.keys, "serve-keys", true, "serve Trino the keys by which it recognises people's tokens")
}

// complete checks the flags.
func (o *policyOptions) complete() error {
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("--listen is %q: set it to an address of the loopback interface, such as 127.0.0.1:8181, since anybody who reaches it can ask", o.listen)
	}
	if o.StaleAfter < time.Minute || o.StaleAfter > 7*24*time.Hour {
		return fmt.Errorf("--stale-after is %s: set it from 1m to 168h", o.StaleAfter)
	}
	if o.Hold < time.Second || o.Hold > time.Hour {
		return fmt.Errorf("--conflict-hold is %s: set it from 1s to 1h", o.Hold)
	}
	if stat, err := os.Stat(o.Folder); err != nil || !stat.IsDir() {
		return fmt.Errorf("--folder is %q, which is no folder: name one that the decision point can write", o.Folder)
	}
	return nil
}

func (o *policyOptions) run(ctx context.Context) error {
	if err := o.complete(); err != nil {
		return err
	}
	o.Now = time.Now
	encoding := zap.NewProductionEncoderConfig()
	encoding.TimeKey, encoding.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	log, err := zap.Config{
		Level:            zap.NewAtomicLevelAt(zap.InfoLevel),
		Encoding:         "json",
		EncoderConfig:    encoding,
		OutputPaths:      []string{"stdout"},
		ErrorOutputPaths: []string{"stderr"},
	}.Build(zap.WithCaller(false))
	if err != nil {
		return fmt.Errorf("preparing the log: %w", err)
	}
	point, err := policy.Open(o.Options)
	if err != nil {
		log.Error("everything is denied until the operator has pushed", zap.Error(err))
	}
	status := point.Status()
	log.Info("starting", zap.String("version", version.Version), zap.Int("people", status.People), zap.Int("atoms", status.Atoms),
		zap.String("digest", status.Digest), zap.Time("confirmed", status.Confirmed))

	asking := http.NewServeMux()
	asking.Handle("/", policy.Handler(point, log))
	group, ctx := errgroup.WithContext(ctx)
	if o.keys {
		keys, err := o.newKeys(log)
		if err != nil {
			return err
		}
		asking.Handle("GET "+policy.PathKeys, keys)
		group.Go(func() error { keys.Run(ctx, keysEvery, keysSoon); return nil })
	}
	trino := &http.Server{Addr: o.listen, Handler: asking, ReadHeaderTimeout: 10 * time.Second}
	operator := &http.Server{
		Addr: o.pushListen, Handler: policy.Admin(point, o.tokenFile, log), ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: o.current},
	}
	group.Go(func() error { return ended(trino.ListenAndServe()) })
	group.Go(func() error { return ended(operator.ListenAndServeTLS("", "")) })
	group.Go(func() error {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
		defer cancel()
		return errors.Join(trino.Shutdown(patience), operator.Shutdown(patience))
	})
	return group.Wait()
}

// current is the certificate as it is on disk, so that a new one needs no restart.
func (o *policyOptions) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(o.keystore, o.keystore)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	return &pair, nil
}

func (o *policyOptions) newKeys(log *zap.Logger) (*policy.Keys, error) {
	cfg, err := config.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server, for the keys of people's tokens: %w", err)
	}
	cfg.UserAgent = "atoll-policy/" + version.Version
	cfg.Timeout = 10 * time.Second
	api, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the client of the API server: %w", err)
	}
	fetch := func(ctx context.Context) ([]byte, error) {
		return api.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(ctx)
	}
	return policy.NewKeys(o.Folder, fetch, log), nil
}

// ended is nil where a server ended because it was told to.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving: %w", err)
}
