// Package progress shows what the installer is doing: a line for each step as it finishes and, on
// a terminal, one live line for what is under way.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	// redraw is how often the live line of a terminal is drawn.
	redraw = 120 * time.Millisecond
	// heartbeat is how often a long step says that it is alive where there is no terminal.
	heartbeat = 20 * time.Second
	nameWidth = 22
	// textWidth keeps a step on a line or two; the whole of a failure is told at the end.
	textWidth = 160
)

// Printer prints the steps of one run. It is safe for concurrent use.
type Printer struct {
	out   io.Writer
	live  bool
	width int

	mu      sync.Mutex
	running []*Step
	frame   int
	aside   bool
	stop    chan struct{}
	stopped sync.WaitGroup
}

// New makes a printer on out, with a live line when that is a terminal.
func New(out io.Writer) *Printer {
	p := &Printer{out: out, stop: make(chan struct{})}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 20 {
			p.live, p.width = true, width
		}
	}
	every := heartbeat
	if p.live {
		every = redraw
	}
	p.stopped.Go(func() { p.tick(every) })
	return p
}

// Close ends the live line. Steps still running are not printed.
func (p *Printer) Close() {
	close(p.stop)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// Aside keeps the live line away while do talks with a person.
func (p *Printer) Aside(do func() error) error {
	p.setAside(true)
	defer p.setAside(false)
	return do()
}

func (p *Printer) setAside(aside bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.aside = aside
}

// Step is one thing under way.
type Step struct {
	p       *Printer
	name    string
	started time.Time
	doing   string
}

// Start begins a step.
func (p *Printer) Start(name string) *Step {
	s := &Step{p: p, name: name, started: time.Now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, s)
	return s
}

// Doing says what the step is waiting for just now.
func (s *Step) Doing(what string) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.doing = what
}

// Done ends the step with what came of it and returns the time it took.
func (s *Step) Done(outcome string) time.Duration { return s.end("✓", outcome) }

// Failed ends the step with why.
func (s *Step) Failed(reason string) time.Duration { return s.end("✗", reason) }

// Skipped ends a step that had nothing to do.
func (s *Step) Skipped(reason string) time.Duration { return s.end("-", reason) }

// Warn prints a line beside the steps.
func (p *Printer) Warn(name, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.line("!", name, message, "")
}

func (s *Step) end(mark, text string) time.Duration {
	took := time.Since(s.started)
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	for i, r := range s.p.running {
		if r == s {
			s.p.running = append(s.p.running[:i], s.p.running[i+1:]...)
			break
		}
	}
	s.p.clear()
	first, _, _ := strings.Cut(text, "\n")
	s.p.line(mark, s.name, first, fmt.Sprintf("%.1fs", took.Seconds()))
	return took
}

func (p *Printer) line(mark, name, text, took string) {
	if took != "" {
		took = "  " + took
	}
	if runes := []rune(text); len(runes) > textWidth {
		text = string(runes[:textWidth-1]) + "…"
	}
	_, _ = fmt.Fprintf(p.out, "%s %-*s %s%s\n", mark, nameWidth, name, text, took)
}

func (p *Printer) tick(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.mu.Lock()
			if p.live {
				p.draw()
			} else {
				p.beat()
			}
			p.mu.Unlock()
		}
	}
}

func (p *Printer) beat() {
	for _, s := range p.running {
		if took := time.Since(s.started); took >= heartbeat && s.doing != "" {
			p.line("…", s.name, s.doing, fmt.Sprintf("%.0fs", took.Seconds()))
		}
	}
}

func (p *Printer) draw() {
	if len(p.running) == 0 || p.aside {
		return
	}
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	p.frame++
	var parts []string
	for _, s := range p.running {
		part := fmt.Sprintf("%s %.0fs", s.name, time.Since(s.started).Seconds())
		if s.doing != "" {
			part += " (" + s.doing + ")"
		}
		parts = append(parts, part)
	}
	text := []rune(string(frames[p.frame%len(frames)]) + " " + strings.Join(parts, ", "))
	if len(text) >= p.width {
		text = append(text[:p.width-2], '…')
	}
	_, _ = fmt.Fprintf(p.out, "\r\033[K%s", string(text))
}

func (p *Printer) clear() {
	if p.live {
		_, _ = io.WriteString(p.out, "\r\033[K")
	}
}
