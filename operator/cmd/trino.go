package cmd

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/pflag"

	"github.com/atoll-platform/atoll/operator/target/trino"
)

func (o *managerOptions) bindTrino(flags *pflag.FlagSet) {
	flags.StringVar(&o.trino.Endpoint, "policy-endpoint", "", "address of Trino's decision point, such as https://trino.atoll-directory:8444; grants of tables are enforced nowhere without one")
	flags.StringVar(&o.trino.Authority, "policy-authority", "", "file with the certificate that signed that of the decision point")
	flags.StringVar(&o.Run.Queries.URL, "trino-url", "", "address of Trino for runs, such as https://trino.atoll-directory:8443; runs do not find Trino without one")
	flags.StringVar(&o.trino.Token, "policy-token", "", "file with the token that the decision point knows the operator by")
}

// completeTrino turns grants of tables on where a decision point is named.
func (o *managerOptions) completeTrino() error {
	if o.trino.Endpoint == "" && o.Run.Queries.URL != "" {
		return errors.New("--trino-url is set, so --policy-endpoint must be set too: without it nobody is granted anything there")
	}
	if o.trino.Endpoint == "" {
		return nil
	}
	if at, err := url.Parse(o.Run.Queries.URL); o.Run.Queries.URL != "" && (err != nil || at.Scheme != "https" || at.Port() == "") {
		return fmt.Errorf("--trino-url is %q: set it to an address like https://trino.atoll-directory:8443", o.Run.Queries.URL)
	}
	if at, err := url.Parse(o.trino.Endpoint); err != nil || at.Scheme != "https" || at.Host == "" {
		return fmt.Errorf("--policy-endpoint is %q: set it to an address that begins with https://", o.trino.Endpoint)
	}
	if o.trino.Authority == "" || o.trino.Token == "" {
		return errors.New("--policy-endpoint is set, so --policy-authority and --policy-token must be set too")
	}
	o.Run.Queries.Authority = o.trino.Authority
	o.Decisions = trino.New(o.trino)
	return nil
}
