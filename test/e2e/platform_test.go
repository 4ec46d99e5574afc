package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestPlatform goes from nothing to notebooks and back to nothing, on one cluster.
// While working on one stage, leave others out with SKIP_<stage>=1; SKIP_teardown=1
// keeps the cluster for the next run.
func TestPlatform(t *testing.T) {
	p := newPlatform(t)
	before := machineState(t)
	defer p.explain(t)

	stage(t, "cluster", func(t *testing.T) {
		p.output(t, p.bin("atoll-cluster"), "up", "--name", p.name, "--nodes", "real")
		images, err := filepath.Glob(p.path("build/images/*.tar"))
		require.NoError(t, err)
		require.NotEmpty(t, images, "no images in build/images: run make images")
		p.output(t, p.bin("atoll-cluster"), append([]string{"load", "--name", p.name}, images...)...)
	})
	stage(t, "bootstrap", func(t *testing.T) { testBootstrap(t, p) })
	stage(t, "apply", func(t *testing.T) { testApply(t, p) })
	stage(t, "drift", func(t *testing.T) { testDrift(t, p) })
	stage(t, "children", func(t *testing.T) { testChildrenComeBack(t, p) })
	stage(t, "person", func(t *testing.T) { testPersonWorks(t, p) })
	stage(t, "isolation", func(t *testing.T) { testIsolation(t, p) })
	stage(t, "homes", func(t *testing.T) { testHomes(t, p) })
	stage(t, "refused", func(t *testing.T) { testOthersAreRefused(t, p) })
	stage(t, "group", func(t *testing.T) { testGroupMember(t, p) })
	stage(t, "data", func(t *testing.T) { testData(t, p) })
	stage(t, "grants", func(t *testing.T) { testGrants(t, p) })
	// A part of `make test-trino`: its image is large.
	if os.Getenv("ATOLL_E2E_TRINO") != "" {
		stage(t, "trino", func(t *testing.T) { testTrino(t, p) })
	}
	// A part of `make test-snapshots`, which builds a storage driver and what drives it.
	if os.Getenv("ATOLL_E2E_SNAPSHOTS") != "" {
		stage(t, "snapshots", func(t *testing.T) { testSnapshots(t, p) })
	}
	stage(t, "schedules", func(t *testing.T) { testSchedules(t, p) })
	stage(t, "airflow", func(t *testing.T) { testAirflow(t, p) })
	stage(t, "servers", func(t *testing.T) { testServers(t, p) })
	stage(t, "removal", func(t *testing.T) { testRemoval(t, p) })
	stage(t, "survival", func(t *testing.T) { testSurvival(t, p) })
	stage(t, "browser", func(t *testing.T) { testBrowser(t, p) })
	stage(t, "metrics", func(t *testing.T) { testMetrics(t, p) })
	stage(t, "team", func(t *testing.T) { testTeam(t, p) })
	stage(t, "opentofu", func(t *testing.T) { testOpenTofu(t, p) })
	stage(t, "destroy", func(t *testing.T) { testDestroy(t, p) })
	stage(t, "again", func(t *testing.T) { testAgain(t, p) })
	stage(t, "teardown", func(t *testing.T) {
		p.output(t, p.bin("atoll-cluster"), "down", "--name", p.name)
		requireNothingLeft(t, p, before)
	})
}

func testBootstrap(t testing.TB, p *platform) {
	bootstrap := func() {
		p.output(t, p.bin("atoll"), "bootstrap", "-f", p.path("examples/quickstart/platform.yaml"), "--context", p.context())
	}
	// Killed at several points: the next run goes on from there.
	for _, after := range []time.Duration{time.Second, 4 * time.Second, 12 * time.Second} {
		p.killedAfter(t, after, p.root, nil, p.bin("atoll"), "bootstrap", "-f", p.path("examples/quickstart/platform.yaml"), "--context", p.context())
	}
	bootstrap()
	first := p.status(t)
	require.True(t, first.Ready)
	require.Len(t, first.Subclusters, 5)
	var disabled []string
	for _, subcluster := range first.Subclusters {
		require.True(t, subcluster.Ready, subcluster.Name)
		require.NotEmpty(t, subcluster.Components, subcluster.Name)
		for _, component := range subcluster.Components {
			if component.State == "disabled" {
				disabled = append(disabled, component.Name)
				continue
			}
			require.NotEmpty(t, component.Version, component.Name)
			require.NotEmpty(t, component.Health, component.Name)
			require.NotEmpty(t, component.Reason, component.Name)
		}
	}
	require.ElementsMatch(t, []string{"airflow", "airflow-tasks", "trino", "trino-worker"}, disabled, "what nobody asked for is left out")

	started := time.Now()
	bootstrap()
	t.Logf("a second bootstrap without a change took %s", time.Since(started).Round(time.Millisecond))
	require.Equal(t, first, p.status(t), "a second bootstrap changed a release")
}

// testChildrenComeBack deletes and edits what the operator made and measures its return.
func testChildrenComeBack(t *testing.T, p *platform) {
	c, ns := p.client(t), "ws-fraud"
	const limit = 15 * time.Second

	var quotas corev1.ResourceQuotaList
	require.NoError(t, c.List(t.Context(), &quotas, client.InNamespace(ns)))
	require.NotEmpty(t, quotas.Items)
	for _, quota := range quotas.Items {
		require.NoError(t, c.Delete(t.Context(), quota.DeepCopy()))
		took := eventually(t, limit, "the deleted quota "+quota.Name, func(ctx context.Context) (bool, error) {
			var again corev1.ResourceQuota
			err := c.Get(ctx, client.ObjectKeyFromObject(&quota), &again)
			return err == nil && again.UID != quota.UID, client.IgnoreNotFound(err)
		})
		t.Logf("quota %s came back after %s", quota.Name, took)
	}

	var policies networkingv1.NetworkPolicyList
	require.NoError(t, c.List(t.Context(), &policies, client.InNamespace(ns)))
	require.NotEmpty(t, policies.Items)
	for _, policy := range policies.Items {
		edited := policy.DeepCopy()
		edited.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
		edited.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
		require.NoError(t, c.Update(t.Context(), edited, client.FieldOwner("intruder")))
		took := eventually(t, limit, "the edited policy "+policy.Name, func(ctx context.Context) (bool, error) {
			var again networkingv1.NetworkPolicy
			if err := c.Get(ctx, client.ObjectKeyFromObject(&policy), &again); err != nil {
				return false, err
			}
			return equalJSON(policy.Spec, again.Spec), nil
		})
		t.Logf("network policy %s was put right after %s", policy.Name, took)
	}

	var accounts corev1.ServiceAccountList
	require.NoError(t, c.List(t.Context(), &accounts, client.InNamespace(ns), client.HasLabels{"app.kubernetes.io/managed-by"}))
	require.NotEmpty(t, accounts.Items)
	account := accounts.Items[0]
	require.NoError(t, c.Delete(t.Context(), account.DeepCopy()))
	took := eventually(t, limit, "the deleted ServiceAccount "+account.Name, func(ctx context.Context) (bool, error) {
		var again corev1.ServiceAccount
		err := c.Get(ctx, client.ObjectKeyFromObject(&account), &again)
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil && again.UID != account.UID, err
	})
	t.Logf("ServiceAccount %s came back after %s", account.Name, took)
}
