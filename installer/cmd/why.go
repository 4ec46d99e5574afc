package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func newWhy() *cobra.Command {
	c := &cobra.Command{
		Use:   "why person dataset",
		Short: "Tell why a person can, or cannot, do something to a dataset",
		Long: `why goes through every grant of a dataset and tells what it gives the person or why it gives nothing,
with the evidence: purpose, requester, approvals, class, and what each place of enforcement was given.`,
		Example: `  atoll access why bob payments
  atoll access why bob payments --at 2026-03-01T12:00:00Z`,
		Args: named("a person", "a dataset"),
	}
	q := addQuestion(c)
	q.addTime(c)
	c.ValidArgsFunction = completeDatasets(1, q.connection)
	c.RunE = func(c *cobra.Command, args []string) error {
		answer, err := q.ask(c.Context(), v1alpha1.AccessQuerySpec{
			Question: v1alpha1.QuestionWhy, Person: v1alpha1.UserName(args[0]), Dataset: args[1],
		})
		return q.show(c, answer, err, func(w io.Writer) {
			for _, line := range answer.Explanation {
				_, _ = fmt.Fprintln(w, line)
			}
			printBasis(w, answer)
		})
	}
	return c
}
