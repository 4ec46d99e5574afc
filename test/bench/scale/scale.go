// Package scale makes benchmarks smaller, for a look at whether they work at all.
package scale

import (
	"os"
	"strconv"
	"testing"
)

// Of is a number of objects, divided by ATOLL_BENCH_SCALE.
func Of(b *testing.B, n int) int {
	b.Helper()
	text := os.Getenv("ATOLL_BENCH_SCALE")
	if text == "" {
		return n
	}
	by, err := strconv.Atoi(text)
	if err != nil || by < 1 || by > n {
		b.Fatalf("ATOLL_BENCH_SCALE is %q: set it to a number from 1 to %d", text, n)
	}
	return n / by
}
