package cmd

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/status"
)

func newStatus() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how the platform is, component by component",
		Long: `status tells how the five subclusters and their components are. It changes nothing, and exits
with 1 when something is not ready.

A component is ready, notReady, missing or disabled; the reason says why.

The JSON is stable: fields are added, never renamed.

  platform, version     name of the platform, and of the atoll that installed it
  hubURL, issuer        where people reach the hub and sign in
  ready                 whether all subclusters are
  subclusters[]         name, namespace, ready, and components[]:
    name                name of the component and of its Helm release
    state               ready, notReady, missing or disabled
    version, appVersion version of the software
    chartVersion        version of the chart
    revision            revision of the release
    images              what its pods run
    health, reason      healthy, unhealthy, missing or disabled, and why`,
		Example: `  atoll status

  # the components that are not ready
  atoll status -o json | jq -r '.subclusters[].components[] | select(.state=="notReady") | .name + ": " + .reason'`,
		Args: noArgs,
	}
	connection := addCluster(c)
	format := addOutput(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		p, err := status.Read(c.Context(), target, component.Catalog)
		if err != nil {
			return fmt.Errorf("reading the platform's status: %w", err)
		}
		show := printStatus
		if format.json() {
			show = func(out io.Writer, p *status.Platform) error { return writeJSON(out, p) }
		}
		if err := show(c.OutOrStdout(), p); err != nil {
			return err
		}
		if !p.Ready {
			return errSilent
		}
		return nil
	}
	return c
}

func printStatus(out io.Writer, p *status.Platform) error {
	if p.Platform == "" {
		_, _ = fmt.Fprintln(out, "No platform was finished on this cluster; run `atoll bootstrap`.")
	} else {
		_, _ = fmt.Fprintf(out, "platform %s, installed by atoll %s\nhub      %s\nsign-in  %s\n\n", p.Platform, p.Version, p.HubURL, p.Issuer)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SUBCLUSTER\tCOMPONENT\tSTATE\tCHART\tAPP\tIMAGES\tREASON")
	for _, s := range p.Subclusters {
		for _, c := range s.Components {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, c.Name, c.State, c.ChartVersion, c.AppVersion, strings.Join(short(c.Images), ","), c.Reason)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

// short leaves out where images come from, which is the same for all and fills the screen.
func short(images []string) []string {
	out := make([]string, 0, len(images))
	for _, i := range images {
		out = append(out, i[strings.LastIndex(i, "/")+1:])
	}
	return out
}
