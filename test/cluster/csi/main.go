// Command cluster-csi is a CSI driver for the local cluster: volumes are directories of the node, and snapshots copies of
// them. It keeps to the specification where kubelet, provisioner and snapshotter look; what it lacks is declared as lacking.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// driverName is what a StorageClass and a VolumeSnapshotClass name.
const driverName = "csi.cluster.atoll.dev"

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "cluster-csi: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	flags := pflag.NewFlagSet("cluster-csi", pflag.ContinueOnError)
	root := flags.String("root", "", "folder that holds the volumes and their snapshots")
	node := flags.String("node", "", "name of the node this runs on")
	kubelet := flags.String("kubelet", "", "the kubelet's root folder, where it looks for drivers")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	for name, value := range map[string]string{"root": *root, "kubelet": *kubelet} {
		if !filepath.IsAbs(value) {
			return fmt.Errorf("--%s is %q; it must be an absolute path", name, value)
		}
	}
	if *node == "" {
		return errors.New("--node is empty; it must name the node this runs on")
	}
	files, err := newStore(*root)
	if err != nil {
		return err
	}
	socket := filepath.Join(*kubelet, "plugins", driverName, "csi.sock")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	failed := make(chan error, 2)
	go func() { failed <- serve(ctx, socket, newServer(files, *node)) }()
	go func() {
		server := grpc.NewServer()
		registration.RegisterRegistrationServer(server, registrar{endpoint: socket})
		failed <- serve(ctx, filepath.Join(*kubelet, "plugins_registry", driverName+"-reg.sock"), server)
	}()
	err = <-failed
	stop()
	return errors.Join(err, <-failed)
}

func newServer(files *store, node string) *grpc.Server {
	server := grpc.NewServer()
	csi.RegisterIdentityServer(server, identityServer{})
	csi.RegisterControllerServer(server, &controllerServer{store: files})
	csi.RegisterNodeServer(server, &nodeServer{store: files, node: node})
	return server
}

// serve answers on a socket until the context ends. A socket that an earlier driver left is replaced.
func serve(ctx context.Context, socket string, server *grpc.Server) error {
	if err := os.MkdirAll(filepath.Dir(socket), 0o750); err != nil {
		return fmt.Errorf("making the folder of socket %s: %w", socket, err)
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the old socket: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer context.AfterFunc(ctx, server.GracefulStop)()
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("serving on %s: %w", socket, err)
	}
	return nil
}
