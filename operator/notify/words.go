package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/operator/controller/run"
)

// lastLines is how much of a message an alert shows: its first line, and so many from its end.
const lastLines = 12

func subject(a run.Alert) string {
	return fmt.Sprintf("[atoll] %s/%s failed: %s", a.Workspace, a.Schedule, a.Reason)
}

// text is an alert as mail.
func text(a run.Alert) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Run %s of schedule %s/%s failed.\n\n", a.Run, a.Workspace, a.Schedule)
	for _, line := range facts(a) {
		fmt.Fprintf(&b, "%-9s %s\n", line[0]+":", line[1])
	}
	fmt.Fprintf(&b, "\n%s\n", excerpt(a.Message))
	return b.String()
}

// chat is an alert as Slack and what speaks like it show it.
func chat(a run.Alert) string {
	var b strings.Builder
	fmt.Fprintf(&b, ":red_circle: *%s/%s* failed: *%s*\n", escape(a.Workspace), escape(a.Schedule), escape(a.Reason))
	for _, line := range facts(a) {
		fmt.Fprintf(&b, "%s: %s\n", line[0], escape(line[1]))
	}
	fmt.Fprintf(&b, "```%s```", escape(strings.ReplaceAll(excerpt(a.Message), "```", "'''")))
	return b.String()
}

func facts(a run.Alert) [][2]string {
	all := [][2]string{{"Owner", a.Owner}, {"Run", a.Run}, {"Due", a.Due.UTC().Format(time.RFC3339)}}
	if a.Task != "" {
		all = append(all, [2]string{"Task", fmt.Sprintf("%s, attempt %d", a.Task, a.Attempt)})
	}
	all = append(all, [2]string{"Reason", a.Reason})
	if a.Link != "" {
		all = append(all, [2]string{"Notebook", a.Link})
	}
	return all
}

// excerpt is the first line of a message and its last ones: of a traceback they say the most.
func excerpt(message string) string {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if len(lines) <= lastLines+1 {
		return strings.Join(lines, "\n")
	}
	return lines[0] + "\n...\n" + strings.Join(lines[len(lines)-lastLines:], "\n")
}

// escape keeps a text from being read as markup.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
