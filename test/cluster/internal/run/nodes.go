package run

import (
	"fmt"
	"strconv"
	"strings"
)

// Nodes says what plays the cluster's nodes. It is a flag value and is kept in the state as text.
type Nodes struct {
	Kind  string // Real, Simulated or None
	Count int    // of simulated nodes
}

// The kinds of nodes. One never stands in for another.
const (
	Real      = "real"
	Simulated = "simulated"
	None      = "none"
)

// maxSimulated keeps a slip of the finger from filling the machine's memory.
const maxSimulated = 10000

// ParseNodes reads real, simulated=N or none.
func ParseNodes(text string) (Nodes, error) {
	kind, count, counted := strings.Cut(text, "=")
	switch {
	case (kind == Real || kind == None) && !counted:
		return Nodes{Kind: kind}, nil
	case kind == Simulated && counted:
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > maxSimulated {
			return Nodes{}, fmt.Errorf("nodes %q: the number of simulated nodes must be between 1 and %d", text, maxSimulated)
		}
		return Nodes{Kind: kind, Count: n}, nil
	}
	return Nodes{}, fmt.Errorf("nodes %q: want real, simulated=N or none", text)
}

func (n Nodes) String() string {
	if n.Kind == Simulated {
		return fmt.Sprintf("%s=%d", n.Kind, n.Count)
	}
	return n.Kind
}

// Set makes Nodes a flag value.
func (n *Nodes) Set(text string) error {
	parsed, err := ParseNodes(text)
	if err == nil {
		*n = parsed
	}
	return err
}

// Type makes Nodes a flag value.
func (n *Nodes) Type() string { return "real|simulated=N|none" }

// MarshalText writes what ParseNodes reads.
func (n Nodes) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (n *Nodes) UnmarshalText(text []byte) error { return n.Set(string(text)) }
