// Package bench measures the operator and the provider at the size of a bank, on a real control plane with simulated nodes.
//
// `make bench` runs it; it needs the binaries in bin/. The sizes are 5,000 workspaces with 25,000 people and 2,000 running
// servers, and 2,000 objects for terraform apply; ATOLL_BENCH_SCALE divides them, for a look at whether it works at all.
package bench
