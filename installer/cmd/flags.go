package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/charts"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/phase"
	"github.com/atoll-platform/atoll/installer/progress"
	"github.com/atoll-platform/atoll/internal/version"
)

const (
	defaultFile = "platform.yaml"
	poll        = 500 * time.Millisecond
)

// The formats of -o.
const (
	formatText  = "text"
	formatTable = "table"
	formatJSON  = "json"
)

// output is the flag -o, which takes only the formats the command has.
type output struct {
	value   string
	allowed []string
}

func addOutput(c *cobra.Command, allowed ...string) *output {
	o := &output{value: allowed[0], allowed: allowed}
	c.Flags().VarP(o, "output", "o", "format of the output: "+strings.Join(allowed, ", "))
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	return o
}

func (o *output) String() string { return o.value }
func (o *output) Type() string   { return "format" }

// Set refuses a format that the command does not have.
func (o *output) Set(v string) error {
	if !slices.Contains(o.allowed, v) {
		return fmt.Errorf("allowed: %s", strings.Join(o.allowed, ", "))
	}
	o.value = v
	return nil
}

func (o *output) json() bool { return o.value == formatJSON }

func addCluster(c *cobra.Command) *cluster.Options {
	o := new(cluster.Options)
	c.Flags().StringVar(&o.Context, "context", "", "kubeconfig context of the cluster (default: the current one)")
	c.Flags().StringVar(&o.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)")
	return o
}

func addFile(c *cobra.Command, file *string, value, usage string) {
	c.Flags().StringVarP(file, "file", "f", value, usage)
	_ = c.MarkFlagFilename("file", "yaml", "yml")
}

// run says how long and how wide a command works.
type run struct {
	timeout     time.Duration
	parallelism int64
}

func addRun(c *cobra.Command) *run {
	r := new(run)
	c.Flags().DurationVar(&r.timeout, "timeout", 10*time.Minute, "how long one release may take to become ready")
	c.Flags().Int64Var(&r.parallelism, "parallelism", 4, "how many releases are worked on at once")
	return r
}

func (r *run) validate() error {
	if r.timeout <= 0 {
		return usageError{fmt.Errorf("--timeout is %s; it must be more than 0", r.timeout)}
	}
	if r.parallelism < 1 || r.parallelism > 16 {
		return usageError{fmt.Errorf("--parallelism is %d; it must be between 1 and 16", r.parallelism)}
	}
	return nil
}

// newState is what every command that works on a cluster begins with.
func newState(connection *cluster.Options, r *run, show io.Writer) *phase.State {
	s := &phase.State{
		Connection: *connection,
		Charts:     charts.FS,
		Catalog:    component.Catalog,
		Version:    version.Version,
		Poll:       poll,
		Progress:   progress.New(show),
	}
	if r != nil {
		s.Timeout, s.Parallelism = r.timeout, r.parallelism
	}
	return s
}

func writeJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}
