package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/internal/guard"
)

func newGuard() *cobra.Command {
	var allowed []string
	c := &cobra.Command{
		Use:   "guard <plan.json>",
		Short: "Refuse a Terraform plan that would lose the network, the cluster, homes, the database or backups",
		Long: `guard reads a plan of Terraform or OpenTofu and exits with 1 when applying it would delete or replace
what a platform cannot do without, or take away what protects it. A workspace that keeps its homes
may go. Put it between plan and apply; - reads the plan from standard input.`,
		Example: `  terraform plan -out tfplan
  terraform show -json tfplan | atoll guard -
  atoll guard plan.json --allow module.platform.module.network.aws_subnet.public[\"eu-central-1c\"]`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("guard takes one plan, as `terraform show -json tfplan` writes it, or - for standard input")}
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&allowed, "allow", nil, "address of a resource that may be lost this time; may be given several times")
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		data, err := readPlan(c.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		findings, err := guard.Check(data, allowed)
		if err != nil {
			return err
		}
		if format.json() {
			if err := writeJSON(c.OutOrStdout(), append([]guard.Finding{}, findings...)); err != nil {
				return err
			}
		} else {
			printFindings(c.OutOrStdout(), findings)
		}
		if len(findings) > 0 {
			return errSilent
		}
		return nil
	}
	return c
}

func readPlan(in io.Reader, file string) ([]byte, error) {
	if file == "-" {
		data, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("reading the plan from standard input: %w", err)
		}
		return data, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w; make it with `terraform show -json tfplan`", err)
	}
	return data, nil
}

func printFindings(out io.Writer, findings []guard.Finding) {
	if len(findings) == 0 {
		_, _ = fmt.Fprintln(out, "The plan loses nothing that is guarded.")
		return
	}
	_, _ = fmt.Fprintln(out, "This plan is refused:")
	for _, f := range findings {
		_, _ = fmt.Fprintln(out, "  ✗ "+f.String())
	}
	_, _ = fmt.Fprintln(out, "\nNext: change the configuration so that it stays. If it is to go, save what is in it and name it with --allow.")
}
