package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// testDestroy: nothing of the platform stays but people's homes, and it says where they are.
// Its own data goes only to those who name it.
func testDestroy(t *testing.T, p *platform) {
	refused, err := p.try(t, p.bin("atoll"), "destroy", "--context", p.context(), "--delete-data", "--confirm", "another")
	require.Error(t, err)
	require.Contains(t, refused, "nothing was removed")

	out := p.output(t, p.bin("atoll"), "destroy", "--context", p.context(), "--delete-data", "--confirm", "demo")
	require.Contains(t, out, "ws-fraud", "destroy must say where the homes are")

	c := p.client(t)
	var homes corev1.PersistentVolumeClaimList
	require.NoError(t, c.List(t.Context(), &homes, client.InNamespace("ws-fraud")))
	require.NotEmpty(t, homes.Items, "homes must survive")

	eventually(t, 2*time.Minute, "the subclusters' namespaces to be gone", func(ctx context.Context) (bool, error) {
		var namespaces corev1.NamespaceList
		if err := c.List(ctx, &namespaces); err != nil {
			return false, err
		}
		for _, ns := range namespaces.Items {
			if strings.HasPrefix(ns.Name, "atoll-") {
				return false, nil
			}
		}
		return true, nil
	})
	var roles rbacv1.ClusterRoleList
	require.NoError(t, c.List(t.Context(), &roles, client.MatchingLabels{"app.kubernetes.io/part-of": "atoll"}))
	require.Empty(t, roles.Items)
}

// testAgain: a new platform where one was, and ada's file is there.
func testAgain(t testing.TB, p *platform) {
	p.output(t, p.bin("atoll"), "bootstrap", "-f", p.path("examples/quickstart/platform.yaml"), "--context", p.context())
	options := p.quickstart(t, p.terraform)
	forgetProvider(t, options)
	terraform.InitAndApplyContext(t, t.Context(), options)
	ctx, cancel := withTimeout(t, 3*time.Minute)
	defer cancel()
	ada := p.signIn(t, "ada")
	require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	text, err := ada.ReadFile(ctx, "fraud", fileOfAda)
	require.NoError(t, err, "ada's file must survive the end and return of the platform")
	require.Equal(t, textOfAda, text)
}
