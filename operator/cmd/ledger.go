package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/internal/objectstore"
	"github.com/atoll-platform/atoll/operator/ledger"
	"github.com/atoll-platform/atoll/operator/ledger/bucket"
)

// ledgerOptions are the flags of the ledger.
type ledgerOptions struct {
	database ledger.Options
	bucket   string
	every    time.Duration
}

func bindLedger(flags *pflag.FlagSet, o *ledger.Options) {
	flags.StringVar(&o.Host, "ledger-host", "", "host of the database with the ledger; the platform keeps no ledger without one")
	flags.Uint16Var(&o.Port, "ledger-port", 5432, "its port")
	flags.StringVar(&o.Database, "ledger-database", "ledger", "name of the database")
	flags.StringVar(&o.SSLMode, "ledger-sslmode", "verify-full", "how the connection is protected: disable, require, verify-ca or verify-full")
	flags.StringVar(&o.RootCert, "ledger-root-cert", "", "file with the authorities that verify-ca and verify-full trust; the system's when empty")
	flags.StringVar(&o.Credentials, "ledger-credentials", "", "folder with the files username and password")
}

func (o *managerOptions) bindLedger(flags *pflag.FlagSet) {
	bindLedger(flags, &o.ledger.database)
	flags.StringVar(&o.ledger.bucket, "ledger-bucket", "", "bucket of the store of runs that keeps a copy of the ledger; no copy is kept without one")
	flags.DurationVar(&o.ledger.every, "ledger-copy-every", time.Minute, "how often new rows are copied")
	flags.DurationVar(&o.AccessQuery.Keep, "answer-keep", 10*time.Minute, "for how long the answer to a question about access stays")
}

// completeLedger checks the flags of the ledger.
func (o *managerOptions) completeLedger() error {
	o.AccessQuery.Clock = clock.RealClock{}
	if o.ledger.database.Host == "" {
		return nil
	}
	if err := o.ledger.database.Validate(); err != nil {
		return err
	}
	if o.ledger.every < time.Second {
		return fmt.Errorf("--ledger-copy-every is %s: set it to a second at least", o.ledger.every)
	}
	if o.AccessQuery.Keep < time.Minute {
		return fmt.Errorf("--answer-keep is %s: set it to a minute at least", o.AccessQuery.Keep)
	}
	return nil
}

// connectLedger opens the ledger and has its rows copied.
func (o *managerOptions) connectLedger(ctx context.Context, mgr manager.Manager) error {
	if o.ledger.database.Host == "" {
		return nil
	}
	l, err := ledger.Open(ctx, o.ledger.database)
	if err != nil {
		return err
	}
	o.Ledger, o.AccessQuery.Ledger = l, l
	if o.ledger.bucket == "" {
		return nil
	}
	store := o.runs.store
	store.Bucket = o.ledger.bucket
	b, err := bucket.New(ctx, objectstore.Options{
		Endpoint: store.Endpoint, Region: store.Region, Bucket: store.Bucket, CredentialsFolder: store.CredentialsFolder,
	})
	if err != nil {
		return err
	}
	export := &ledger.Export{Ledger: l, Bucket: b, Prefix: "ledger/"}
	o.AccessQuery.Ledger = ledger.Copied{Ledger: l, Export: export}
	if err := mgr.Add(&ledger.Keeper{Export: export, Ensure: b.Ensure, Every: o.ledger.every}); err != nil {
		return fmt.Errorf("adding the copy of the ledger: %w", err)
	}
	return nil
}

// newLedgerSchema is run by the owner of the database, whose password the controllers do not have.
func newLedgerSchema() *cobra.Command {
	o, writer := &ledger.Options{}, ""
	cmd := &cobra.Command{
		Use:   "ledger-schema",
		Short: "Make the ledger's table and give its writer the rights to add and to read",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if writer == "" {
				return errors.New("--writer is empty: name the role that writes the ledger")
			}
			return ledger.Migrate(cmd.Context(), *o, writer)
		},
	}
	bindLedger(cmd.Flags(), o)
	cmd.Flags().StringVar(&writer, "writer", "ledger", "role that writes the ledger")
	return cmd
}
