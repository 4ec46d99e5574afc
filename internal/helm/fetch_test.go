package helm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(s[:])
}

// serve starts a server of files that the package trusts, and counts what is asked for.
func serve(t *testing.T, content map[string][]byte) (address string, asked map[string]int) {
	t.Helper()
	asked = map[string]int{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		data, ok := content[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if strings.Contains(r.URL.Path, "/manifests/") {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Docker-Content-Digest", sum(data))
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(data)
		}
	}))
	before := httpClient
	httpClient = server.Client()
	t.Cleanup(func() {
		httpClient = before
		server.Close()
	})
	return server.URL, asked
}

func TestFetchFromRepository(t *testing.T) {
	data := archive(t, "lib")
	index := "apiVersion: v1\nentries:\n  small-lib:\n  - {name: small-lib, version: 0.1.0, apiVersion: v2, urls: [small-lib-0.1.0.tgz]}\n"
	address, _ := serve(t, map[string][]byte{
		"/charts/index.yaml":          []byte(index),
		"/charts/small-lib-0.1.0.tgz": data,
	})
	source := Source{Repo: address + "/charts", Name: "small-lib", Version: "0.1.0", Digest: sum(data)}

	c, err := Fetch(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "small-lib" || c.Version != "0.1.0" {
		t.Errorf("chart is %s %s", c.Name, c.Version)
	}

	source.Digest = sum([]byte("another"))
	if _, err := Fetch(t.Context(), source); err == nil || !strings.Contains(err.Error(), "pins "+source.Digest) {
		t.Errorf("an archive with another digest: error is %v", err)
	}
	source.Version = "0.2.0"
	if _, err := Fetch(t.Context(), source); err == nil || !strings.Contains(err.Error(), "0.2.0") {
		t.Errorf("a version that is not there: error is %v", err)
	}
}

func TestFetchFromRegistryByDigestAlone(t *testing.T) {
	data := archive(t, "lib")
	config := []byte(`{"name":"small-lib","version":"0.1.0","apiVersion":"v2"}`)
	descriptor := func(mediaType string, content []byte) map[string]any {
		return map[string]any{"mediaType": mediaType, "digest": sum(content), "size": len(content)}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     "application/vnd.oci.image.manifest.v1+json",
		"config":        descriptor("application/vnd.cncf.helm.config.v1+json", config),
		"layers":        []any{descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", data)},
	})
	if err != nil {
		t.Fatal(err)
	}
	address, asked := serve(t, map[string][]byte{
		"/v2/charts/small-lib/manifests/" + sum(manifest): manifest,
		"/v2/charts/small-lib/blobs/" + sum(config):       config,
		"/v2/charts/small-lib/blobs/" + sum(data):         data,
	})
	source := Source{Repo: "oci://" + strings.TrimPrefix(address, "https://") + "/charts", Name: "small-lib", Version: "0.1.0", Digest: sum(manifest)}

	c, err := Fetch(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "small-lib" {
		t.Errorf("chart is %s", c.Name)
	}
	if n := asked["/v2/charts/small-lib/manifests/0.1.0"]; n != 0 {
		t.Errorf("the tag was asked for %d times", n)
	}

	source.Version = "0.2.0"
	if _, err := Fetch(t.Context(), source); err == nil || !strings.Contains(err.Error(), "belongs to version 0.1.0, not 0.2.0") {
		t.Errorf("a digest of another version: error is %v", err)
	}
}

func TestFetchRefusesPlainHTTP(t *testing.T) {
	_, err := Fetch(t.Context(), Source{Repo: "http://charts.example.com", Name: "x", Version: "1.0.0", Digest: sum(nil)})
	if err == nil || !strings.Contains(err.Error(), "is not https") {
		t.Errorf("error is %v", err)
	}
}
