package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/internal/access"
)

func newAccess() *cobra.Command {
	c := &cobra.Command{
		Use:   "access",
		Short: "Ask who can do what to data, now and in the past, and why",
		Long: `access asks the operator, which answers from the ledger of grants and from what is live at the
places where grants are enforced. Whoever asks needs the ClusterRole ` + access.Role + `.

What is not known is said to be not evaluable; it never counts as "no access". The exit code is then
1, unless --allow-unknown is given.`,
		Example: `  atoll access who-can payments
  atoll access who-can payments --column iban --at 2026-03-01T12:00:00Z
  atoll access why bob payments
  atoll access ghosts`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newWhoCan(), newWhatCan(), newWhy(), newGhosts(), newVerify())
	return c
}

// question is what the commands of access have in common.
type question struct {
	connection   *cluster.Options
	format       *output
	timeout      time.Duration
	at           string
	allowUnknown bool
}

func addQuestion(c *cobra.Command) *question {
	q := &question{connection: addCluster(c), format: addOutput(c, formatTable, formatJSON)}
	c.Flags().DurationVar(&q.timeout, "timeout", 2*time.Minute, "how long to wait for the answer")
	return q
}

func (q *question) addTime(c *cobra.Command) {
	c.Flags().StringVar(&q.at, "at", "", "time to ask about, such as 2026-03-01T12:00:00Z (default: now)")
	c.Flags().BoolVar(&q.allowUnknown, "allow-unknown", false, "do not fail where part of the answer is not evaluable")
	_ = c.RegisterFlagCompletionFunc("at", cobra.NoFileCompletions)
}

// ask puts the question. What the operator answered is returned beside the error where there is one.
func (q *question) ask(ctx context.Context, spec v1alpha1.AccessQuerySpec) (*v1alpha1.AccessQueryStatus, error) {
	if q.timeout <= 0 {
		return nil, usageError{fmt.Errorf("--timeout is %s; it must be more than 0", q.timeout)}
	}
	if q.at != "" {
		at, err := time.Parse(time.RFC3339, q.at)
		if err != nil {
			return nil, usageError{fmt.Errorf("--at %q is no time; write it like 2026-03-01T12:00:00Z", q.at)}
		}
		if at.Nanosecond() != 0 {
			return nil, usageError{fmt.Errorf("--at %q has parts of a second; the ledger is asked about whole seconds", q.at)}
		}
		spec.At = v1alpha1.At(at)
	}
	target, err := cluster.Connect(*q.connection)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	return access.Asker{API: target.Dynamic, Manager: cluster.FieldManager}.Ask(ctx, spec)
}

// show writes the answer and says by its error whether it is whole.
func (q *question) show(c *cobra.Command, answer *v1alpha1.AccessQueryStatus, err error, table func(io.Writer)) error {
	var unanswered *access.Unanswered
	if err != nil && (!errors.As(err, &unanswered) || !q.format.json()) {
		return err
	}
	if q.format.json() {
		if err := writeJSON(c.OutOrStdout(), tell(answer)); err != nil {
			return err
		}
		if unanswered != nil {
			return unanswered
		}
	} else {
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		table(w)
		if err := w.Flush(); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
	}
	if n := len(answer.NotEvaluable); n > 0 && !q.allowUnknown {
		for _, gap := range answer.NotEvaluable {
			_, _ = fmt.Fprintf(c.ErrOrStderr(), "Not evaluable: %s: %s%s\n", gap.About, gap.Why, by(gap.Grants))
		}
		return errSilent
	}
	return nil
}

func by(grants []string) string {
	if len(grants) == 0 {
		return ""
	}
	return " (" + strings.Join(grants, ", ") + ")"
}

// told is an answer as -o json has it: every list is there.
type told struct {
	At           v1alpha1.Instant        `json:"at"`
	Ledger       *v1alpha1.LedgerHead    `json:"ledger"`
	Digest       string                  `json:"digest"`
	Access       []v1alpha1.PersonAccess `json:"access"`
	NotEvaluable []v1alpha1.NotEvaluable `json:"notEvaluable"`
	Explanation  []string                `json:"explanation"`
	Targets      []v1alpha1.AskedTarget  `json:"targets"`
	Ghosts       []v1alpha1.GhostAccess  `json:"ghosts"`
	Tampered     int64                   `json:"tampered"`
	Conditions   []metav1.Condition      `json:"conditions"`
}

func tell(a *v1alpha1.AccessQueryStatus) told {
	return told{
		At: a.At, Ledger: a.Ledger, Digest: a.Digest, Access: list(a.Access), NotEvaluable: list(a.NotEvaluable), Explanation: list(a.Explanation),
		Targets: list(a.Targets), Ghosts: list(a.Ghosts), Tampered: a.Tampered, Conditions: list(a.Conditions),
	}
}

func list[E any](l []E) []E {
	if l == nil {
		return []E{}
	}
	return l
}

// printAccess lists access a line each, and what the answer rests on.
func printAccess(w io.Writer, a *v1alpha1.AccessQueryStatus) {
	_, _ = fmt.Fprintln(w, "PERSON\tDATASET\tACTION\tSHOWN\tGRANT\tVIA\tUNTIL")
	for _, e := range a.Access {
		shown := "all"
		switch {
		case e.Prefix != "":
			shown = e.Prefix
		case len(e.Columns) > 0:
			shown = strings.Join(e.Columns, ",")
		}
		if e.Rows != "" {
			shown += " where " + e.Rows
		}
		for _, g := range e.Grants {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Person, e.Dataset, e.Action, shown, g.Name, g.Via, g.Until)
		}
	}
	printBasis(w, a)
}

func printBasis(w io.Writer, a *v1alpha1.AccessQueryStatus) {
	if a.Ledger != nil {
		_, _ = fmt.Fprintf(w, "\nAs of %s, row %d of the ledger; digest %s\n", a.At, a.Ledger.Seq, a.Digest)
	}
}

// named takes exactly the arguments of these names.
func named(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usageError{fmt.Errorf("%s takes %s, but was given %d arguments", c.CommandPath(), strings.Join(names, " and "), len(args))}
		}
		return nil
	}
}

// completeDatasets offers the datasets of the cluster for the argument at this place.
func completeDatasets(place int, connection *cluster.Options) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) != place {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		target, err := cluster.Connect(*connection)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found, err := target.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("datasets")).List(c.Context(), metav1.ListOptions{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, item := range found.Items {
			names = append(names, item.GetName())
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
