package kube

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const twoContexts = `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://a:6443"}}, {name: b, cluster: {server: "https://b:6443"}}]
users: [{name: u, user: {token: secret}}]
contexts: [{name: one, context: {cluster: a, user: u}}, {name: two, context: {cluster: b, user: u}}]
`

func TestConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(twoContexts), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		config    Config
		host, err string
	}{
		"context":                 {Config{Kubeconfig: []string{file}, Context: "two"}, "https://b:6443", ""},
		"no current context":      {Config{Kubeconfig: []string{file}}, "", "no current context"},
		"unknown context":         {Config{Kubeconfig: []string{file}, Context: "three"}, "", `no context "three"`},
		"file that is not there":  {Config{Kubeconfig: []string{file + "x"}}, "", "no such file"},
		"host before kubeconfig":  {Config{Kubeconfig: []string{file}, Host: "https://c:6443"}, "https://c:6443", ""},
		"nothing is no localhost": {Config{}, "", ErrNoCluster.Error()},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := c.config.REST()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || got.Host != c.host {
				t.Errorf("got %v, %v, want host %s", got, err, c.host)
			}
		})
	}
	if _, err := (Config{}).REST(); !errors.Is(err, ErrNoCluster) {
		t.Errorf("got %v", err)
	}
}
