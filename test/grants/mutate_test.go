package grants_test

import (
	"encoding/json"
	"testing"
	"time"
)

// mutant is a policy with one thing wrong.
type mutant struct{ kind, document string }

type statement struct {
	Effect           string
	Action, Resource []string
	Condition        map[string]map[string][]string
}

type document struct {
	Version   string
	Statement []statement
}

func parse(t *testing.T, raw string) document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(raw), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// mutate lists the policy with each single thing wrong.
func mutate(t *testing.T, raw string) []mutant {
	t.Helper()
	var all []mutant
	change := func(kind string, edit func(*document)) {
		d := parse(t, raw)
		edit(&d)
		out, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, mutant{kind, string(out)})
	}
	shift := func(text string, by time.Duration) string {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(by).Format(time.RFC3339)
	}
	for i, s := range parse(t, raw).Statement {
		for operator, keys := range s.Condition {
			change("the condition "+operator+" is dropped", func(d *document) { delete(d.Statement[i].Condition, operator) })
			for key, values := range keys {
				if key != "aws:CurrentTime" {
					continue
				}
				for _, by := range []time.Duration{-time.Second, time.Second} {
					change("the time of "+operator+" is moved", func(d *document) {
						d.Statement[i].Condition[operator][key] = []string{shift(values[0], by)}
					})
				}
			}
		}
		if d := parse(t, raw); len(d.Statement) > 1 {
			change("a statement is dropped", func(d *document) { d.Statement = append(d.Statement[:i], d.Statement[i+1:]...) })
		}
		for j := range s.Action {
			if len(s.Action) > 1 {
				change("an action is dropped", func(d *document) {
					d.Statement[i].Action = append(d.Statement[i].Action[:j], d.Statement[i].Action[j+1:]...)
				})
			}
		}
		change("every action is allowed", func(d *document) { d.Statement[i].Action = []string{"s3:*"} })
		change("every resource is allowed", func(d *document) { d.Statement[i].Resource = []string{"*"} })
		change("it denies", func(d *document) { d.Statement[i].Effect = "Deny" })
	}
	return all
}
