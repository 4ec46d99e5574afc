// Command decide answers requests with OPA as a library on one core, and says what it decided and how long each decision took. It is
// given a policy, its data in JSON, and a file with a request on each line.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// rounds is how often every request is asked.
const rounds = 4

type answers struct {
	Decisions   []bool  `json:"decisions"`
	Nanoseconds []int64 `json:"nanoseconds"`
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "decide: three files are wanted: POLICY DATA REQUESTS")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "decide:", err)
		os.Exit(1)
	}
}

func run(policy, data, requests string) error {
	ctx := context.Background()
	query, err := prepare(ctx, policy, data)
	if err != nil {
		return err
	}
	inputs, err := read(requests)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	runtime.GC()
	var out answers
	for round := range rounds {
		for _, input := range inputs {
			started := time.Now()
			found, err := query.Eval(ctx, rego.EvalParsedInput(input))
			out.Nanoseconds = append(out.Nanoseconds, time.Since(started).Nanoseconds())
			if err != nil {
				return fmt.Errorf("deciding: %w", err)
			}
			if round == 0 {
				out.Decisions = append(out.Decisions, found.Allowed())
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// prepare compiles the policy over data that is kept in the form that is read the fastest.
func prepare(ctx context.Context, policy, data string) (rego.PreparedEvalQuery, error) {
	rules, err := os.ReadFile(policy)
	if err != nil {
		return rego.PreparedEvalQuery{}, err
	}
	raw, err := os.ReadFile(data)
	if err != nil {
		return rego.PreparedEvalQuery{}, err
	}
	var content map[string]any
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	if err := numbers.Decode(&content); err != nil {
		return rego.PreparedEvalQuery{}, fmt.Errorf("reading %s: %w", data, err)
	}
	store := inmem.NewFromObjectWithOpts(content, inmem.OptReturnASTValuesOnRead(true))
	return rego.New(rego.Query("data.atoll.trino.allow"), rego.Module(policy, string(rules)), rego.Store(store)).PrepareForEval(ctx)
}

// read are the inputs of the requests.
func read(requests string) ([]ast.Value, error) {
	file, err := os.Open(requests)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var inputs []ast.Value
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var request struct {
			Input any `json:"input"`
		}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return nil, fmt.Errorf("reading %s: %w", requests, err)
		}
		input, err := ast.InterfaceToValue(request.Input)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", requests, err)
		}
		inputs = append(inputs, input)
	}
	if len(inputs) == 0 {
		return nil, errors.Join(fmt.Errorf("there are no requests in %s", requests), lines.Err())
	}
	return inputs, lines.Err()
}
