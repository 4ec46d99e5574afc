package network

import (
	"context"
	"fmt"
	"net"
)

// FreePorts finds a free port of the host's loopback for each name. They stay free only as long as
// nobody else takes them, so they are chosen once and kept.
func FreePorts(ctx context.Context, names []string) (map[string]int, error) {
	ports := map[string]int{}
	for _, name := range names {
		// All are held until the last is found, so that none is found twice.
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port for %s: %w", name, err)
		}
		defer listener.Close() //nolint:errcheck // nothing was accepted
		ports[name] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
