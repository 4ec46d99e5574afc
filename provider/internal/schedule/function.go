package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/internal/schedule"
)

// most is how many times the function lists.
const most = 1000

// NewCronNext returns the function cron_next.
func NewCronNext() function.Function { return cronNext{} }

type cronNext struct{}

// Metadata names the function.
func (cronNext) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "cron_next"
}

// Definition describes the arguments and the result.
func (cronNext) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "When a schedule is due",
		MarkdownDescription: "Lists the next times at which a schedule of this cron and zone is due, as RFC 3339 in the zone. It reads no clock: " +
			"pass `plantimestamp()` for now.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "cron", MarkdownDescription: "Five fields such as `30 6 * * 1-5`, or a word such as `@daily`."},
			function.StringParameter{Name: "time_zone", MarkdownDescription: "IANA name of the zone, such as `Europe/Amsterdam`."},
			function.StringParameter{Name: "from", MarkdownDescription: "Time after which to look, RFC 3339."},
			function.Int64Parameter{Name: "n", MarkdownDescription: "How many times to list, 1 to 1000."},
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

// Run computes the times.
func (cronNext) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var expression, zone, from string
	var n int64
	if resp.Error = req.Arguments.Get(ctx, &expression, &zone, &from, &n); resp.Error != nil {
		return
	}
	if _, err := schedule.ParseZone(zone); err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	cron, err := schedule.ParseCron(expression, zone)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(2, fmt.Sprintf(`from %q is not a time: write it as RFC 3339 has it, such as "2026-01-31T06:00:00Z"`, from))
		return
	}
	if n < 1 || n > most {
		resp.Error = function.NewArgumentFuncError(3, fmt.Sprintf("n is %d: set it from 1 to %d", n, most))
		return
	}
	times := make([]string, 0, n)
	for range n {
		if at = cron.Next(at); at.IsZero() {
			break
		}
		times = append(times, at.Format(time.RFC3339))
	}
	resp.Error = resp.Result.Set(ctx, times)
}
