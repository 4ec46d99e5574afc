package network

import (
	"fmt"
	"hash/fnv"
	"net/netip"
)

// A cluster with real nodes and the host share the four addresses of 172.31.X.0/30.
const subnets = 254

// Host is the host's address on the link.
func Host(subnet int) netip.Addr { return netip.AddrFrom4([4]byte{172, 31, byte(subnet), 1}) }

// Node is the node's address on the link: the API server's and every NodePort's.
func Node(subnet int) netip.Addr { return netip.AddrFrom4([4]byte{172, 31, byte(subnet), 2}) }

func prefix(subnet int) netip.Prefix { return netip.PrefixFrom(Host(subnet), 30).Masked() }

// Choose picks a subnet that overlaps none of the prefixes in use. It starts at a number made from
// the name, so that a cluster tends to get the same addresses again.
func Choose(name string, used []netip.Prefix) (int, error) {
	hash := fnv.New32a()
	hash.Write([]byte(name))
	start := int(hash.Sum32() % subnets)
	for i := range subnets {
		subnet := (start+i)%subnets + 1
		if free(prefix(subnet), used) {
			return subnet, nil
		}
	}
	return 0, fmt.Errorf("choosing addresses for cluster %s: every 172.31.X.0/30 overlaps a route of this host; take a cluster down, or a route away", name)
}

func free(candidate netip.Prefix, used []netip.Prefix) bool {
	for _, prefix := range used {
		// The default route leads everywhere and takes nothing.
		if prefix.Bits() > 0 && prefix.Overlaps(candidate) {
			return false
		}
	}
	return true
}
