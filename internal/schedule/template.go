package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Values are those of a run that a parameter may use, as {{ run.date }}.
type Values struct {
	// Date is when the run was due, Previous and Next when those before and after it; a zero time is written as nothing.
	Date, Previous, Next time.Time
	// ID is the name of the Run, and Attempt the number of the task's attempt, from 1.
	ID      string
	Attempt int32
	// Schedule and Workspace are their names.
	Schedule, Workspace string
}

// variable is a name that the template language knows. The language is these names in double braces and nothing else,
// so that every engine can carry it out alike.
type variable struct {
	name  string
	value func(Values) string
}

var variables = []variable{
	{"run.date", func(v Values) string { return day(v.Date) }},
	{"run.time", func(v Values) string { return moment(v.Date) }},
	{"run.previous_date", func(v Values) string { return day(v.Previous) }},
	{"run.previous_time", func(v Values) string { return moment(v.Previous) }},
	{"run.next_date", func(v Values) string { return day(v.Next) }},
	{"run.next_time", func(v Values) string { return moment(v.Next) }},
	{"run.id", func(v Values) string { return v.ID }},
	{"run.attempt", func(v Values) string { return strconv.Itoa(int(v.Attempt)) }},
	{"run.schedule", func(v Values) string { return v.Schedule }},
	{"run.workspace", func(v Values) string { return v.Workspace }},
}

// Variables are the names that parameters may use.
func Variables() []string {
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	return names
}

// Expand replaces the variables of a text by their values.
func Expand(text string, values Values) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", errors.New(`"{{" is not closed by "}}"`)
		}
		v := find(strings.TrimSpace(name))
		if v == nil {
			return "", fmt.Errorf("there is no %q; a parameter may use %s", strings.TrimSpace(name), strings.Join(Variables(), ", "))
		}
		out.WriteString(v.value(values))
		text = after
	}
}

// CheckTemplate is an error where a text uses what the template language does not have.
func CheckTemplate(text string) error {
	_, err := Expand(text, Values{})
	return err
}

// Arguments are the parameters of a task as its notebook gets them: a value that is JSON once it is expanded is passed
// as such, every other one is text.
func Arguments(parameters []v1alpha1.Parameter, values Values) (map[string]any, error) {
	out := make(map[string]any, len(parameters))
	for _, p := range parameters {
		text, err := Expand(p.Value, values)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		if json.Valid([]byte(text)) {
			out[p.Name] = json.RawMessage(text)
			continue
		}
		out[p.Name] = text
	}
	return out, nil
}

func find(name string) *variable {
	for i := range variables {
		if variables[i].name == name {
			return &variables[i]
		}
	}
	return nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
