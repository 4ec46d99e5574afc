package schedule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Problem is something in a schedule that no engine could carry out.
type Problem struct {
	// Task is the position of the task in the schedule, or -1 where it is not of one task.
	Task int
	// Field of the task or the schedule, in the words of the API.
	Field string
	// Message says what is wrong and what is allowed.
	Message string
}

// CheckTasks finds dependencies that do not exist or go in circles, and parameters that say what the template language
// does not have.
func CheckTasks(tasks []v1alpha1.Task) []Problem {
	var found []Problem
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.Name
	}
	for i, t := range tasks {
		for _, d := range t.DependsOn {
			if !slices.Contains(names, d) {
				found = append(found, Problem{i, "dependsOn", fmt.Sprintf("task %s depends on %s, which is no task of this schedule: its tasks are %s",
					t.Name, d, strings.Join(names, ", "))})
			}
		}
		for _, p := range t.Parameters {
			if err := CheckTemplate(p.Value); err != nil {
				found = append(found, Problem{i, "parameters", fmt.Sprintf("parameter %s of task %s: %v", p.Name, t.Name, err)})
			}
		}
	}
	if circle := circle(tasks); len(circle) > 0 {
		at := slices.Index(names, circle[0])
		found = append(found, Problem{at, "dependsOn", fmt.Sprintf("the tasks wait for each other in a circle: %s; take one of these dependencies away",
			strings.Join(append(circle, circle[0]), " -> "))})
	}
	return found
}

// circle lists tasks that depend on each other in a circle, each on the one after it, and is empty when there are none.
func circle(tasks []v1alpha1.Task) []string {
	byName := make(map[string][]string, len(tasks))
	for _, t := range tasks {
		byName[t.Name] = t.DependsOn
	}
	const walking, done = 1, 2
	state := map[string]int{}
	var path, found []string
	var walk func(string) bool
	walk = func(name string) bool {
		switch state[name] {
		case done:
			return false
		case walking:
			found = slices.Clone(path[slices.Index(path, name):])
			return true
		}
		state[name] = walking
		path = append(path, name)
		if slices.ContainsFunc(byName[name], walk) {
			return true
		}
		path = path[:len(path)-1]
		state[name] = done
		return false
	}
	for _, t := range tasks {
		if walk(t.Name) {
			return found
		}
	}
	return nil
}

// Check finds everything in a schedule that no engine could carry out and that the API's own rules cannot see.
func Check(spec *v1alpha1.ScheduleSpec) []Problem {
	found := CheckTasks(spec.Tasks)
	if _, err := ParseCron(spec.Cron, spec.TimeZone); err != nil {
		found = append(found, Problem{-1, "cron", err.Error()})
	}
	return found
}
