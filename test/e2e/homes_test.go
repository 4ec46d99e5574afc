package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// testHomes: ada deletes a notebook and gets it back by name and date, while her server runs.
func testHomes(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 5*time.Minute)
	defer cancel()
	atoll := func(args ...string) string {
		return p.output(t, p.bin("atoll"), append(args, "--context", p.context())...)
	}
	ada := p.signIn(t, "ada")
	run := func(code string) {
		_, err := ada.Run(ctx, "fraud", code)
		require.NoError(t, err, code)
	}
	run("import os; os.makedirs('notes', exist_ok=True); open('notes/churn.ipynb', 'w').write('first')")

	refused, err := p.try(t, p.bin("atoll"), "restore", "home", "fraud/ada", "--path", "notes/churn.ipynb", "--context", p.context())
	require.Error(t, err)
	require.Contains(t, refused, "has no backup yet")

	started := time.Now()
	atoll("backup", "home", "fraud/ada")
	t.Logf("a backup took %s", time.Since(started).Round(time.Millisecond))
	between := time.Now().UTC()
	// Times of backups are told apart by seconds.
	time.Sleep(1100 * time.Millisecond)
	run("open('notes/churn.ipynb', 'w').write('second')")
	atoll("backup", "home", "fraud/ada")
	run("import os; os.remove('notes/churn.ipynb')")

	var copies []struct {
		ID   string
		Time time.Time
	}
	p.answer(t, &copies, p.bin("atoll"), "restore", "home", "fraud/ada", "--list", "-o", "json", "--context", p.context())
	require.Len(t, copies, 2)

	started = time.Now()
	t.Log(strings.TrimSpace(atoll("restore", "home", "fraud/ada", "--path", "notes/churn.ipynb", "--at", between.Format(time.RFC3339))))
	t.Logf("restoring one notebook took %s", time.Since(started).Round(time.Millisecond))
	text, err := ada.ReadFile(ctx, "fraud", "notes/churn.ipynb")
	require.NoError(t, err)
	require.Equal(t, "first", text)

	// What is there is not overwritten.
	atoll("restore", "home", "fraud/ada", "--path", "notes/churn.ipynb")
	text, err = ada.ReadFile(ctx, "fraud", "notes/churn.ipynb.restored-"+copies[1].ID)
	require.NoError(t, err)
	require.Equal(t, "second", text)

	for path, want := range map[string]string{"notes/gone.ipynb": "is not in this backup", "../bob": "no path inside a home"} {
		out, err := p.try(t, p.bin("atoll"), "restore", "home", "fraud/ada", "--path", path, "--context", p.context())
		require.Error(t, err)
		require.Contains(t, out, want)
	}
	out, err := p.try(t, p.bin("atoll"), "restore", "home", "fraud/zoe", "--path", "a", "--context", p.context())
	require.Error(t, err)
	require.Contains(t, out, "homes there are those of ada")

	// What opens the backups is in the Secret alone.
	c := p.client(t)
	var jobs batchv1.JobList
	require.NoError(t, c.List(ctx, &jobs, client.InNamespace("ws-fraud")))
	require.NotEmpty(t, jobs.Items)
	var secret corev1.Secret
	require.NoError(t, c.Get(ctx, client.ObjectKey{Namespace: "ws-fraud", Name: "backup"}, &secret))
	for _, job := range jobs.Items {
		raw, err := json.Marshal(job)
		require.NoError(t, err)
		require.NotContains(t, string(raw), string(secret.Data["password"]))
		require.NotContains(t, string(raw), string(secret.Data["secret-key"]))
	}
}
