package pki

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

//go:embed kubeconfig.yaml
var kubeconfigText string

var kubeconfig = template.Must(template.New("kubeconfig").Parse(kubeconfigText))

// WriteKubeconfig makes the leaf and a kubeconfig at path that holds it, readable by its owner only.
// A file that already has this very content is left as it is.
func (a *Authority) WriteKubeconfig(path, context, server string, leaf Leaf) error {
	if err := a.Ensure(leaf); err != nil {
		return err
	}
	values := map[string]string{"Context": context, "Server": server}
	file := filepath.Join(a.folder, leaf.File)
	for name, source := range map[string]string{"Authority": a.Cert(), "Certificate": file + ".crt", "Key": file + ".key"} {
		content, err := os.ReadFile(source)
		if err != nil {
			return fmt.Errorf("writing kubeconfig %s: %w", path, err)
		}
		values[name] = base64.StdEncoding.EncodeToString(content)
	}
	var text bytes.Buffer
	if err := kubeconfig.Execute(&text, values); err != nil {
		return fmt.Errorf("writing kubeconfig %s: %w", path, err)
	}
	if current, err := os.ReadFile(path); err == nil && bytes.Equal(current, text.Bytes()) {
		return nil
	}
	return run.WriteFile(path, text.Bytes(), 0o600)
}
