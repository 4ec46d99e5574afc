// Command schema writes values.schema.json beside the values.yaml of each chart folder it is given.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: schema DEFINITIONS CHART...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(definitions string, charts []string) error {
	defs, err := readDefinitions(definitions)
	if err != nil {
		return err
	}
	for _, dir := range charts {
		if err := writeSchema(dir, defs); err != nil {
			return fmt.Errorf("chart %s: %w", dir, err)
		}
	}
	return nil
}
