package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/runner"
)

// keepPatience bounds the keeping of an executed notebook; the pod gives it a little longer.
const keepPatience = 45 * time.Second

func newTask() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "task",
		Short: "Work inside the pod of a run",
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "prepare",
			Short: "Fetch the notebook of a task and lay out what its container needs",
			Args:  cobra.NoArgs,
			RunE:  func(cmd *cobra.Command, _ []string) error { return prepare(cmd.Context()) },
		},
		&cobra.Command{
			Use:   "keep",
			Short: "Wait until the notebook has run, and keep it as it was executed",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return keep() },
		},
	)
	return cmd
}

func prepare(ctx context.Context) error {
	var task runner.Task
	if err := json.Unmarshal([]byte(os.Getenv(runner.TaskVariable)), &task); err != nil {
		return fmt.Errorf("reading the task from %s: %w", runner.TaskVariable, err)
	}
	if err := runner.Prepare(ctx, runner.Folder, task, runner.OwnDesk()); err != nil {
		runner.Result{Reason: v1alpha1.ReasonNotebookNotFetched, Message: err.Error()}.Say()
		return err
	}
	return nil
}

// keep runs beside the notebook. Kubernetes tells it to end once the notebook's container has, and waits for it.
func keep() error {
	told, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// Asked for at once, so that an operator that is away at the end is not missed.
	desk := runner.OwnDesk()
	held := desk.Hold(told)
	<-told.Done()
	ctx, cancel := context.WithTimeout(context.Background(), keepPatience)
	defer cancel()
	result := runner.Keep(ctx, runner.Folder, desk, held)
	result.Say()
	if result.Kept || result.Reason == "NoOutput" {
		return nil
	}
	return errors.New(result.Message)
}
