package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/test/e2e/hub"
)

// serverReport is one server of `atoll servers -o json`.
type serverReport struct {
	Person    string `json:"person"`
	HeldUntil string `json:"heldUntil"`
	Culling   struct {
		Verdict string `json:"verdict"`
		Reason  string `json:"reason"`
		StopsAt string `json:"stopsAt"`
	} `json:"culling"`
	Home *struct {
		Used, Size         int64
		Enforced, Complete bool
	} `json:"home"`
}

// dryRun is what `atoll servers --cull-dry-run` says of a person's server in fraud.
func (p *platform) dryRun(t *testing.T, person string) serverReport {
	t.Helper()
	out := p.output(t, p.bin("atoll"), "servers", "--workspace", "fraud", "--cull-dry-run", "-o", "json", "--context", p.context())
	var all []serverReport
	require.NoError(t, json.Unmarshal([]byte(out), &all), out)
	i := slices.IndexFunc(all, func(s serverReport) bool { return s.Person == person })
	require.GreaterOrEqual(t, i, 0, "%s has no server: %s", person, out)
	return all[i]
}

// testServers: the dry run tells a busy server from a quiet one, a hold shows, and nobody holds what is not theirs.
func testServers(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 6*time.Minute)
	defer cancel()
	// The hub looks at servers once a minute.
	const nextLook = 150 * time.Second
	ada := p.signIn(t, "ada")
	running, err := ada.Running(ctx, "fraud")
	require.NoError(t, err)
	if !running {
		require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	}

	silent, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = ada.Run(silent, "fraud", "import time; time.sleep(600)")
	}()
	var seen serverReport
	took := eventually(t, nextLook, "ada's silent cell in the dry run", func(context.Context) (bool, error) {
		seen = p.dryRun(t, "ada")
		return seen.Culling.Verdict == "Busy", nil
	})
	require.Equal(t, "a kernel runs a cell", seen.Culling.Reason)
	require.Empty(t, seen.Culling.StopsAt)
	t.Logf("the dry run says after %s: %s, %s", took, seen.Culling.Verdict, seen.Culling.Reason)
	require.NotNil(t, seen.Home, "the home is measured")
	t.Logf("ada's home: %d of %d bytes, enforced %t", seen.Home.Used, seen.Home.Size, seen.Home.Enforced)

	stop()
	<-done
	eventually(t, nextLook, "ada's server without a cell in the dry run", func(context.Context) (bool, error) {
		seen = p.dryRun(t, "ada")
		return seen.Culling.StopsAt != "", nil
	})
	t.Logf("without the cell: %s until %s, %s", seen.Culling.Verdict, seen.Culling.StopsAt, seen.Culling.Reason)

	until, err := ada.Hold(ctx, "fraud", "2h")
	require.NoError(t, err)
	require.Equal(t, until.UTC().Format(time.RFC3339), p.dryRun(t, "ada").HeldUntil)
	var refused *hub.StatusError
	_, err = ada.Hold(ctx, "fraud", "1000h")
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusBadRequest, refused.Code)
	require.Contains(t, refused.Body, "culling.maxHold")
	require.NoError(t, ada.Release(ctx, "fraud"))
	require.Empty(t, p.dryRun(t, "ada").HeldUntil)

	page, err := ada.Page(ctx, "/hub/home")
	require.NoError(t, err)
	require.Contains(t, page, "It would be stopped at")
}

// testRemoval takes ada out of fraud again and again, and measures until her server is gone and its token refused.
func testRemoval(t *testing.T, p *platform) {
	n := trials(5, 20)
	c := p.client(t)
	var before v1alpha1.Workspace
	require.NoError(t, c.Get(t.Context(), client.ObjectKey{Name: "fraud"}, &before))
	members := before.Spec.Members
	without := slices.DeleteFunc(slices.Clone(members), func(m v1alpha1.Member) bool { return m.Name == "ada" })
	require.Len(t, without, len(members)-1)
	defer setMembers(t, c, members)

	var refused, gone []time.Duration
	for range n {
		r, g := removeOnce(t, p, c, members, without)
		refused, gone = append(refused, r), append(gone, g)
	}
	for what, times := range map[string][]time.Duration{"its token is refused": refused, "the server is gone": gone} {
		slices.Sort(times)
		t.Logf("removal of a member, %d trials, until %s: p50 %s, max %s", n, what, times[len(times)/2], times[len(times)-1])
	}
	require.Less(t, gone[len(gone)-1], time.Minute)

	setMembers(t, c, members)
	ctx, cancel := withTimeout(t, 3*time.Minute)
	defer cancel()
	ada := p.startAsMember(t, ctx)
	text, err := ada.ReadFile(ctx, "fraud", fileOfAda)
	require.NoError(t, err, "nothing of hers was deleted")
	require.Equal(t, textOfAda, text)
}

func removeOnce(t *testing.T, p *platform, c client.Client, members, without []v1alpha1.Member) (refused, gone time.Duration) {
	t.Helper()
	ctx, cancel := withTimeout(t, 3*time.Minute)
	defer cancel()
	setMembers(t, c, members)
	ada := p.startAsMember(t, ctx)
	token, err := ada.ServerToken(ctx, "fraud")
	require.NoError(t, err)
	for _, known := range []string{token, ada.OwnToken()} {
		ok, err := ada.Accepts(ctx, known)
		require.NoError(t, err)
		require.True(t, ok)
	}

	started := time.Now()
	setMembers(t, c, without)
	eventually(t, time.Minute, "the server's token to be refused", func(ctx context.Context) (bool, error) {
		ok, err := ada.Accepts(ctx, token)
		return !ok, err
	})
	refused = time.Since(started).Round(10 * time.Millisecond)
	eventually(t, time.Minute, "the server to be gone", func(ctx context.Context) (bool, error) {
		var pod corev1.Pod
		err := c.Get(ctx, client.ObjectKey{Namespace: "ws-fraud", Name: "notebook-ada"}, &pod)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	gone = time.Since(started).Round(10 * time.Millisecond)

	// ada belongs to no other workspace, and so her own token ends as well. Her home stays.
	ok, err := ada.Accepts(ctx, ada.OwnToken())
	require.NoError(t, err)
	require.False(t, ok, "ada's own token")
	var home corev1.PersistentVolumeClaim
	require.NoError(t, c.Get(ctx, client.ObjectKey{Namespace: "ws-fraud", Name: "home-ada"}, &home))
	require.Nil(t, home.DeletionTimestamp)
	return refused, gone
}

// startAsMember starts ada's server, unless it runs, once the hub knows that she is a member and is done with her last one.
func (p *platform) startAsMember(t *testing.T, ctx context.Context) *hub.Session {
	t.Helper()
	var ada *hub.Session
	eventually(t, time.Minute, "ada to get a server as a member", func(context.Context) (bool, error) {
		ada = p.signIn(t, "ada")
		running, err := ada.Running(ctx, "fraud")
		return err == nil && (running || ada.Start(ctx, "fraud", hubDefaults) == nil), nil
	})
	return ada
}

func setMembers(t *testing.T, c client.Client, members []v1alpha1.Member) {
	t.Helper()
	// The test's own context has ended when this puts things right at its end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	var ws v1alpha1.Workspace
	require.NoError(t, c.Get(ctx, client.ObjectKey{Name: "fraud"}, &ws))
	edited := ws.DeepCopy()
	edited.Spec.Members = members
	require.NoError(t, c.Patch(ctx, edited, client.MergeFrom(&ws)))
}
