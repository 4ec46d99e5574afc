package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func newVerify() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify",
		Short: "Prove that the ledger of grants is as it was written",
		Long: `verify has the operator check every row of the ledger against its hash and the row before it, and against
the copy in the object store where the platform keeps one. It names the first row that is not as it was written.`,
		Example: `  atoll access verify
  atoll access verify -o json | jq .tampered`,
		Args: noArgs,
	}
	q := addQuestion(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		answer, err := q.ask(c.Context(), v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionVerify})
		return q.show(c, answer, err, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "All %d rows are as they were written. The last has the hash %s\n", answer.Ledger.Seq, answer.Ledger.Hash)
		})
	}
	return c
}
