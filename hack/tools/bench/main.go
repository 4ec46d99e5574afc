// Command bench reads the output of Go benchmarks from standard input and prints a Markdown table: each figure's median,
// least and most over the runs, and how many runs there were.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

type figure struct{ benchmark, unit string }

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	values := map[figure][]float64{}
	machine := map[string]string{}
	reader := benchfmt.NewReader(in, "standard input")
	for reader.Scan() {
		result, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		for _, key := range []string{"cpu", "goos", "goarch"} {
			machine[key] = result.GetConfig(key)
		}
		for _, v := range result.Values {
			unit, value := v.Unit, v.Value
			// The package reads time and memory in base units; benchmarks' own units stay as they are.
			if v.OrigUnit != "" {
				unit, value = v.OrigUnit, v.OrigValue
			}
			name, _, _ := strings.Cut(result.Name.String(), "-")
			values[figure{name, unit}] = append(values[figure{name, unit}], value)
		}
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("reading the benchmarks: %w", err)
	}
	if len(values) == 0 {
		return errors.New("there is no benchmark in the input")
	}
	figures := slices.SortedFunc(maps.Keys(values), func(a, b figure) int {
		return cmp.Or(cmp.Compare(a.benchmark, b.benchmark), cmp.Compare(a.unit, b.unit))
	})
	_, _ = fmt.Fprintf(out, "Machine: %s, %s/%s.\n\n", machine["cpu"], machine["goos"], machine["goarch"])
	_, _ = fmt.Fprintln(out, "| benchmark | figure | median | least | most | runs |\n| --- | --- | ---: | ---: | ---: | ---: |")
	for _, f := range figures {
		all := values[f]
		slices.Sort(all)
		show := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
		_, _ = fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %d |\n",
			f.benchmark, f.unit, show(all[len(all)/2]), show(all[0]), show(all[len(all)-1]), len(all))
	}
	return nil
}
