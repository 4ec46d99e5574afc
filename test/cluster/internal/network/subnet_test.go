package network

import (
	"net/netip"
	"testing"
)

func TestChooseAvoidsRoutes(t *testing.T) {
	first, err := Choose("demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := Choose("demo", nil); again != first {
		t.Errorf("the same name got %d and then %d", first, again)
	}
	used := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), prefix(first)}
	second, err := Choose("demo", used)
	if err != nil {
		t.Fatal(err)
	}
	if second == first {
		t.Errorf("got %d though it is used", second)
	}
}

func TestChooseUsesTheLastFreeOne(t *testing.T) {
	var used []netip.Prefix
	for subnet := 1; subnet <= subnets; subnet++ {
		if subnet != 200 {
			used = append(used, prefix(subnet))
		}
	}
	if got, err := Choose("demo", used); err != nil || got != 200 {
		t.Errorf("got %d, %v; want 200", got, err)
	}
	if got, err := Choose("demo", []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12")}); err == nil {
		t.Errorf("got %d though a route covers all of them", got)
	}
}

func TestAddresses(t *testing.T) {
	if host, node := Host(7).String(), Node(7).String(); host != "172.31.7.1" || node != "172.31.7.2" {
		t.Errorf("got %s and %s", host, node)
	}
}

func TestFreePortsAreDistinct(t *testing.T) {
	ports, err := FreePorts(t.Context(), []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	if ports["a"] == ports["b"] || ports["b"] == ports["c"] || ports["a"] == ports["c"] || ports["a"] == 0 {
		t.Errorf("got %v", ports)
	}
}
