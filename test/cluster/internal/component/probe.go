package component

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Probe tells whether a component works: by a URL that answers 200, or a socket that accepts. An
// empty probe is content with a process that runs.
type Probe struct {
	URL    string
	Socket string
}

// Prober asks the components of one cluster, from inside its network.
type Prober struct {
	plan   Plan
	client *http.Client
}

// NewProber needs the cluster's certificates to be there.
func NewProber(plan Plan) (*Prober, error) {
	roots := x509.NewCertPool()
	for _, file := range []string{"ca.crt", "etcd-ca.crt"} {
		cert, err := os.ReadFile(plan.PKI(file))
		if err != nil {
			return nil, fmt.Errorf("reading the cluster's authorities: %w", err)
		}
		roots.AppendCertsFromPEM(cert)
	}
	etcd, err := tls.LoadX509KeyPair(plan.PKI("etcd-client.crt"), plan.PKI("etcd-client.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the certificate for etcd: %w", err)
	}
	config := &tls.Config{
		RootCAs:    roots,
		MinVersion: tls.VersionTLS12,
		// Chosen by the authority the server asks for; the others answer health to anyone.
		GetClientCertificate: func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if request.SupportsCertificate(&etcd) == nil {
				return &etcd, nil
			}
			return &tls.Certificate{}, nil
		},
	}
	transport := &http.Transport{TLSClientConfig: config, DialContext: func(ctx context.Context, protocol, address string) (net.Conn, error) {
		var connection net.Conn
		err := plan.Network().Do(func() (err error) {
			connection, err = (&net.Dialer{}).DialContext(ctx, protocol, address)
			return err
		})
		return connection, err
	}}
	return &Prober{plan: plan, client: &http.Client{Transport: transport, Timeout: 5 * time.Second}}, nil
}

// Close gives back the connections.
func (p *Prober) Close() { p.client.CloseIdleConnections() }

// Check returns why a component does not work, or nil.
func (p *Prober) Check(ctx context.Context, probe Probe) error {
	if probe.Socket != "" {
		connection, err := (&net.Dialer{}).DialContext(ctx, "unix", probe.Socket)
		if err != nil {
			return err
		}
		return connection.Close()
	}
	if probe.URL == "" {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, probe.URL, nil)
	if err != nil {
		return err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", probe.URL, answer.Status, strings.TrimSpace(string(body)))
	}
	return nil
}
