package cmd

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func newWhoCan() *cobra.Command {
	column := ""
	c := &cobra.Command{
		Use:   "who-can dataset",
		Short: "List who can do what to a dataset, now or at a time in the past",
		Long: `who-can lists everyone who can do anything to a dataset, by which grant, and until when. It counts
grants of other datasets too that reach the same objects or table.

Members of a group are known to the identity provider alone: the ledger knows those who have signed in,
and says that there may be others.

The same question about the same time in the past has the same digest at any later time.`,
		Example: `  atoll access who-can payments

  # who could read a column on that day, and how it was masked
  atoll access who-can payments --column iban --at 2026-03-01T12:00:00Z

  # only the names
  atoll access who-can payments -o json --allow-unknown | jq -r '.access[].person' | sort -u`,
		Args: named("a dataset"),
	}
	q := addQuestion(c)
	q.addTime(c)
	c.Flags().StringVar(&column, "column", "", "column of a table: list who can read it, and how it is masked")
	c.ValidArgsFunction = completeDatasets(0, q.connection)
	c.RunE = func(c *cobra.Command, args []string) error {
		answer, err := q.ask(c.Context(), v1alpha1.AccessQuerySpec{
			Question: v1alpha1.QuestionWhoCan, Dataset: args[0], Column: v1alpha1.ColumnName(column),
		})
		return q.show(c, answer, err, func(w io.Writer) { printAccess(w, answer) })
	}
	return c
}
