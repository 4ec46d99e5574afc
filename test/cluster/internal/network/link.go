package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Addresses inside a cluster are the same in all of them: nobody outside sees them.
const (
	PodCIDR     = "10.88.0.0/16"
	ServiceCIDR = "10.96.0.0/16"
	DNSAddress  = "10.96.0.10"
	uplink      = "eth0"
)

// settings apply inside the cluster's network namespace only.
var settings = map[string]string{
	"net/ipv4/ip_forward": "1",
	// Pods on one bridge must pass the firewall too, or no policy would hold between them.
	"net/bridge/bridge-nf-call-iptables": "1",
}

func linkName(subnet int) string { return fmt.Sprintf("atoll-%d", subnet) }

// Used returns the prefixes this host has a route to.
func Used() ([]netip.Prefix, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("listing this host's routes: %w", err)
	}
	var used []netip.Prefix
	for _, route := range routes {
		if route.Dst == nil {
			continue
		}
		if prefix, err := netip.ParsePrefix(route.Dst.String()); err == nil {
			used = append(used, prefix)
		}
	}
	return used, nil
}

// Ensure makes the namespace, its link to the host and its settings, each where it is missing.
func (n Namespace) Ensure(ctx context.Context, subnet int) error {
	if err := n.create(); err != nil {
		return err
	}
	handle, err := netns.GetFromPath(n.path())
	if err != nil {
		return fmt.Errorf("opening network namespace %s: %w", n.Name, err)
	}
	defer handle.Close() //nolint:errcheck // opened for reading
	inside, err := netlink.NewHandleAt(handle)
	if err != nil {
		return fmt.Errorf("reaching the links of network namespace %s: %w", n.Name, err)
	}
	defer inside.Close()
	host, err := netlink.NewHandle()
	if err != nil {
		return fmt.Errorf("reaching this host's links: %w", err)
	}
	defer host.Close()

	if _, err := inside.LinkByName(uplink); err != nil {
		// An end without the other is left from a namespace that is gone.
		if err := deleteLink(linkName(subnet)); err != nil {
			return err
		}
		pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: linkName(subnet)}, PeerName: uplink, PeerNamespace: netlink.NsFd(handle)}
		if err := host.LinkAdd(pair); err != nil {
			return fmt.Errorf("making link %s to network namespace %s: %w", pair.Name, n.Name, err)
		}
	}
	if err := configure(host, linkName(subnet), Host(subnet)); err != nil {
		return err
	}
	if err := configure(inside, uplink, Node(subnet)); err != nil {
		return err
	}
	if err := configure(inside, "lo", netip.Addr{}); err != nil {
		return err
	}
	if err := routeServices(inside, subnet); err != nil {
		return err
	}
	return n.Do(func() error { return tune(ctx, subnet) })
}

func configure(handle *netlink.Handle, name string, address netip.Addr) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("finding link %s: %w", name, err)
	}
	if address.IsValid() {
		network := &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(30, 32)}
		if err := handle.AddrReplace(link, &netlink.Addr{IPNet: network}); err != nil {
			return fmt.Errorf("giving link %s the address %s: %w", name, address, err)
		}
	}
	if err := handle.LinkSetUp(link); err != nil {
		return fmt.Errorf("turning link %s on: %w", name, err)
	}
	return nil
}

// routeServices lets the node's own processes reach Services. There is no default route, without
// which the kernel would refuse a Service's address before kube-proxy could translate it; and a pod
// that looks for the internet is refused at once instead of waiting.
func routeServices(inside *netlink.Handle, subnet int) error {
	link, err := inside.LinkByName(uplink)
	if err != nil {
		return fmt.Errorf("finding link %s: %w", uplink, err)
	}
	_, services, err := net.ParseCIDR(ServiceCIDR)
	if err != nil {
		return fmt.Errorf("reading %s: %w", ServiceCIDR, err)
	}
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: services, Gw: Host(subnet).AsSlice()}
	if err := inside.RouteReplace(route); err != nil {
		return fmt.Errorf("routing Services: %w", err)
	}
	return nil
}

// tune runs inside the namespace: /proc/sys/net shows each thread its own namespace's settings.
func tune(ctx context.Context, subnet int) error {
	for name, value := range settings {
		if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0); err != nil {
			return fmt.Errorf("setting %s (is the kernel module br_netfilter there?): %w", name, err)
		}
	}
	// Pods reach the host, such as a test's server, under the node's address: the host has no route to theirs.
	rules := fmt.Sprintf(`add table ip atoll
delete table ip atoll
table ip atoll {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr %s oifname %q ip daddr %s masquerade
	}
}
`, PodCIDR, uplink, Host(subnet))
	command := exec.CommandContext(ctx, "nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("writing the masquerading rule with nft: %w: %s", err, output)
	}
	return nil
}

func deleteLink(name string) error {
	link, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting link %s: %w", name, err)
	}
	return nil
}
