package cmd

import (
	"strings"
	"testing"
)

func TestPolicyFlags(t *testing.T) {
	folder := t.TempDir()
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"an address others reach": {[]string{"--listen=:8181"}, "loopback"},
		"a public address":        {[]string{"--listen=10.0.0.1:8181"}, "loopback"},
		"no address":              {[]string{"--listen=here"}, "loopback"},
		"never stale":             {[]string{"--stale-after=9000h"}, "from 1m to 168h"},
		"stale at once":           {[]string{"--stale-after=0s"}, "from 1m to 168h"},
		"no hold":                 {[]string{"--conflict-hold=0s"}, "from 1s to 1h"},
		"no folder":               {[]string{"--folder=" + folder + "/gone"}, "is no folder"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := newPolicy()
			cmd.SetArgs(append([]string{"--folder=" + folder, "--serve-keys=false"}, tt.args...))
			cmd.SilenceUsage, cmd.SilenceErrors = true, true
			if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}
