package cmd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/atoll-platform/atoll/operator/controller/workspace/network"
)

// parsePeers reads the ranges of addresses that a flag names, each with a port.
func parsePeers(flag string, texts []string) (peers []network.Peer, err error) {
	for _, text := range texts {
		i := strings.LastIndex(text, ":")
		prefix, wrong := netip.ParsePrefix(text[:max(i, 0)])
		port, odd := strconv.ParseUint(text[i+1:], 10, 16)
		if wrong != nil || odd != nil || port == 0 {
			return nil, fmt.Errorf("--%s %q is no range of addresses with a port: write it like 203.0.113.0/24:443", flag, text)
		}
		peers = append(peers, network.Peer{CIDR: prefix.Masked().String(), Port: int32(port)})
	}
	return peers, nil
}
