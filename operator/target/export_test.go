package target

// Waiting is how many calls wait for a turn that has not begun.
func (g *Giver) Waiting() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.waiting {
		n += t.callers
	}
	return n
}
