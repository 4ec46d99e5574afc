package cmd

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func newWhatCan() *cobra.Command {
	c := &cobra.Command{
		Use:   "what-can person",
		Short: "List what a person can do to which datasets, now or at a time in the past",
		Long:  `what-can lists everything that a person can do, by which grant, and until when: by name, by group and by workspace.`,
		Example: `  atoll access what-can bob
  atoll access what-can bob --at 2026-03-01T12:00:00Z -o json`,
		Args:              named("a person"),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	q := addQuestion(c)
	q.addTime(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		answer, err := q.ask(c.Context(), v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionWhatCan, Person: v1alpha1.UserName(args[0])})
		return q.show(c, answer, err, func(w io.Writer) { printAccess(w, answer) })
	}
	return c
}
