package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/pflag"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// runNetworkPolicy enforces NetworkPolicies on this node with kube-router's firewall controller and
// nothing else of kube-router: Services are kube-proxy's and routes are the bridge plugin's.
func runNetworkPolicy() error {
	config := options.NewKubeRouterConfig()
	config.EnableIPv4 = true
	config.RunFirewall = true
	flags := pflag.NewFlagSet("network-policy", pflag.ExitOnError)
	flags.StringVar(&config.Kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&config.HostnameOverride, "node", "", "name of the node whose pods are guarded")
	flags.StringSliceVar(&config.ClusterIPCIDRs, "service-cidr", config.ClusterIPCIDRs, "addresses of Services")
	flags.StringVar(&config.NodePortRange, "node-ports", config.NodePortRange, "range of node ports")
	flags.DurationVar(&config.IPTablesSyncPeriod, "resync", time.Minute, "how often the rules are written again unasked")
	healthz := flags.String("healthz", "127.0.0.1:10258", "address that answers /healthz after the first full sync")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}

	rest, err := clientcmd.BuildConfigFromFlags("", config.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading kubeconfig %s: %w", config.Kubeconfig, err)
	}
	client, err := kubernetes.NewForConfig(rest)
	if err != nil {
		return fmt.Errorf("making a client from %s: %w", config.Kubeconfig, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return guard(ctx, client, config, *healthz)
}

func guard(ctx context.Context, client kubernetes.Interface, config *options.KubeRouterConfig, healthz string) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), pods.HasSynced, namespaces.HasSynced, policies.HasSynced) {
		return fmt.Errorf("waiting for the lists of pods, namespaces and network policies: %w", ctx.Err())
	}

	tables, sets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return fmt.Errorf("reaching iptables and ipset: %w", err)
	}
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &sync.Mutex{}, tables, sets)
	if err != nil {
		return fmt.Errorf("preparing the firewall of node %s: %w", config.HostnameOverride, err)
	}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods:       controller.PodEventHandler,
		namespaces: controller.NamespaceEventHandler,
		policies:   controller.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return fmt.Errorf("watching for changes: %w", err)
		}
	}

	beats := make(chan *healthcheck.ControllerHeartbeat)
	go serveHealth(ctx, healthz, beats)
	var running sync.WaitGroup
	running.Add(1)
	go controller.Run(beats, ctx.Done(), &running)
	running.Wait()
	return nil
}

// serveHealth takes the controller's heartbeats, which block it when nobody does, and answers
// healthy once the first came.
func serveHealth(ctx context.Context, address string, beats <-chan *healthcheck.ControllerHeartbeat) {
	var alive atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !alive.Load() {
			http.Error(w, "no full sync yet", http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.ListenAndServe(); err != nil {
			fmt.Fprintf(os.Stderr, "network-policy: serving %s: %v\n", address, err)
			os.Exit(1)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beats:
			alive.Store(true)
		}
	}
}
