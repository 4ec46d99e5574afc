package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tunables are what every kubelet sets for the whole machine, and cannot be told not to.
var tunables = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// RememberTunables writes the kernel settings that a kubelet overwrites to a file, unless the file
// is there: then an earlier kubelet may have overwritten them already.
func RememberTunables(file string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	values := map[string]string{}
	for _, name := range tunables {
		value, err := os.ReadFile(filepath.Join("/proc/sys", name))
		if err != nil {
			return fmt.Errorf("reading kernel setting %s: %w", name, err)
		}
		values[name] = strings.TrimSpace(string(value))
	}
	content, err := json.MarshalIndent(values, "", "  ")
	if err == nil {
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("remembering kernel settings: %w", err)
	}
	return nil
}

// RestoreTunables sets the kernel settings back to what the file remembers, and removes it.
func RestoreTunables(file string) error {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var values map[string]string
	if err == nil {
		err = json.Unmarshal(content, &values)
	}
	if err != nil {
		return fmt.Errorf("reading the remembered kernel settings: %w", err)
	}
	for name, value := range values {
		if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0); err != nil {
			return fmt.Errorf("setting kernel setting %s back to %s: %w", name, value, err)
		}
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("removing the remembered kernel settings: %w", err)
	}
	return nil
}
