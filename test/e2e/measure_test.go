package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// trials is how often something is measured: fully where ATOLL_E2E_FULL is set.
func trials(few, full int) int {
	if os.Getenv("ATOLL_E2E_FULL") != "" {
		return full
	}
	return few
}

// percentiles are of times in milliseconds.
func percentiles(all []time.Duration) string {
	sorted := slices.Sorted(slices.Values(all))
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, largest %.1f ms", ms(sorted[len(sorted)/2]), ms(sorted[len(sorted)*99/100]), ms(sorted[len(sorted)-1]))
}

// endings are what somebody sees who asks without a pause while grants end.
type endings struct {
	// allows is how long before each end the last question was asked that was allowed, denials how long after it the first denial
	// was answered, and questions how long each question took.
	allows, denials, questions []time.Duration
	// missed ends came while nobody could ask, since the question before took too long.
	missed int
}

// watch asks until the first question is denied. Whatever is asked after the end must be denied, and nothing before it.
func (e *endings) watch(t testing.TB, end time.Time, reads func() bool) {
	t.Helper()
	var last time.Time
	for {
		asked := time.Now()
		may := reads()
		answered := time.Now()
		e.questions = append(e.questions, answered.Sub(asked))
		if may {
			require.True(t, asked.Before(end), "allowed, and asked %s after the end", asked.Sub(end))
			last = asked
			continue
		}
		require.False(t, answered.Before(end), "denied %s before the end", end.Sub(answered))
		if last.IsZero() {
			e.missed++
			return
		}
		e.allows, e.denials = append(e.allows, end.Sub(last)), append(e.denials, answered.Sub(end))
		t.Logf("end %d: the last that was allowed was asked %d ms before it, the first denial answered %d ms after it",
			len(e.allows), end.Sub(last).Milliseconds(), answered.Sub(end).Milliseconds())
		return
	}
}

// seen logs what was seen, which must be most of the ends.
func (e *endings) seen(t testing.TB, of string) {
	t.Helper()
	require.Greater(t, len(e.allows), e.missed, "%d ends were seen and %d missed: this machine is too slow", len(e.allows), e.missed)
	t.Logf("%s, operator and API server killed -9: %d ends, and %d besides that were missed; last allow asked before the end: %s; first denial answered after it: %s; a question took: %s",
		of, len(e.allows), e.missed, percentiles(e.allows), percentiles(e.denials), percentiles(e.questions))
}

// applied waits until a grant is enforced where its data is.
func (p *platform) applied(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	c := p.client(t)
	eventually(t, 3*time.Minute, "grant "+name+" to be enforced", func(context.Context) (bool, error) {
		var now v1alpha1.DataGrant
		if err := c.Get(ctx, client.ObjectKey{Name: name}, &now); err != nil {
			return false, err
		}
		return slices.ContainsFunc(now.Status.Targets, func(s v1alpha1.GrantTargetStatus) bool { return s.State == v1alpha1.TargetApplied }), nil
	})
}

// revoke revokes a grant, and returns after how long its person is first denied.
func (p *platform) revoke(ctx context.Context, t testing.TB, name string, reads func() bool) time.Duration {
	t.Helper()
	g := &v1alpha1.DataGrant{}
	g.Name = name
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"revocation":{"by":"carol","reason":"The key was stolen."}}}`))
	c := p.client(t)
	asked := time.Now()
	require.NoError(t, c.Patch(ctx, g, patch))
	for reads() {
		require.Less(t, time.Since(asked), time.Minute, "a revoked grant gives access")
	}
	return time.Since(asked)
}

// kill9 kills the API server and then every process of the operator: what the kubelet starts in its place finds no API server,
// and waits for it. It returns what starts the API server, which must have been dead until then.
func (p *platform) kill9(t testing.TB) (revive func()) {
	t.Helper()
	operators := func() []corev1.Pod {
		var pods corev1.PodList
		require.NoError(t, p.client(t).List(t.Context(), &pods, client.InNamespace("atoll-directory"), client.MatchingLabels{"app.kubernetes.io/name": "operator"}))
		return pods.Items
	}
	before := map[types.UID]int32{}
	killed := 0
	pods := operators()
	p.killControlPlane(t, "kube-apiserver")
	for _, pod := range pods {
		before[pod.UID] = restarts(&pod)
		for _, pid := range processesOf(t, string(pod.UID)) {
			if err := syscall.Kill(pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
				require.NoError(t, err)
				killed++
			}
		}
	}
	require.Positive(t, killed, "no process of the operator was killed")
	return func() {
		t.Helper()
		_, err := p.clientset(t).Discovery().ServerVersion()
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "the API server was not dead")
		p.output(t, p.bin("atoll-cluster"), "up", "--name", p.name, "--nodes", "real")
		p.whole(t)
		for _, pod := range operators() {
			require.LessOrEqual(t, restarts(&pod)-before[pod.UID], int32(1), "the operator did not wait for the API server: restarts of %s", pod.Name)
		}
	}
}
