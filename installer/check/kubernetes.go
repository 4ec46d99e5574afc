package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/rest"
)

// Oldest is the oldest Kubernetes that works.
const Oldest = "1.30.0"

const maxSkew = 30 * time.Second

func answers(_ context.Context, s *Subject) (string, error) {
	if _, err := s.Cluster.Typed.Discovery().ServerVersion(); err != nil {
		return "", fmt.Errorf("%s does not answer: %w", s.Cluster.Config.Host, err)
	}
	return s.Cluster.Config.Host, nil
}

func kubernetesVersion(_ context.Context, s *Subject) (string, error) {
	info, err := s.Cluster.Typed.Discovery().ServerVersion()
	if err != nil {
		return "", fmt.Errorf("reading the version: %w", err)
	}
	got, err := version.ParseGeneric(info.GitVersion)
	if err != nil {
		return "", fmt.Errorf("reading the version %q: %w", info.GitVersion, err)
	}
	if got.LessThan(version.MustParseGeneric(Oldest)) {
		return "", fmt.Errorf("it is %s; the oldest that works is %s", info.GitVersion, Oldest)
	}
	return info.GitVersion, nil
}

func clock(ctx context.Context, s *Subject) (string, error) {
	client, err := rest.HTTPClientFor(s.Cluster.Config)
	if err != nil {
		return "", fmt.Errorf("making a client: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.Cluster.Config.Host, "/")+"/version", nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("asking for the time: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	there, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return "", fmt.Errorf("reading the cluster's time: %w", err)
	}
	if skew := time.Since(there).Abs(); skew > maxSkew {
		return "", fmt.Errorf("the cluster's clock and this machine's differ by %s", skew.Round(time.Second))
	}
	return "", nil
}

func apiServices(ctx context.Context, s *Subject) (string, error) {
	kind := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	list, err := s.Cluster.Dynamic.Resource(kind).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return "none", nil
	}
	if err != nil {
		return "", fmt.Errorf("listing them: %w", err)
	}
	var down []string
	for _, item := range list.Items {
		conditions, _, _ := unstructured.NestedSlice(item.Object, "status", "conditions")
		for _, c := range conditions {
			cond, _ := c.(map[string]any)
			if cond["type"] == "Available" && cond["status"] == "False" {
				down = append(down, item.GetName())
			}
		}
	}
	if len(down) > 0 {
		return "", fmt.Errorf("down: %s", strings.Join(down, ", "))
	}
	return fmt.Sprintf("%d available", len(list.Items)), nil
}

// webhooks looks for those that refuse everything because nobody answers for them.
func webhooks(ctx context.Context, s *Subject) (string, error) {
	type hook struct {
		name    string
		policy  *admissionv1.FailurePolicyType
		service *admissionv1.ServiceReference
	}
	var hooks []hook
	api := s.Cluster.Typed.AdmissionregistrationV1()
	validating, err := api.ValidatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("listing them: %w", err)
	}
	for _, c := range validating.Items {
		for _, w := range c.Webhooks {
			hooks = append(hooks, hook{c.Name + "/" + w.Name, w.FailurePolicy, w.ClientConfig.Service})
		}
	}
	mutating, err := api.MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("listing them: %w", err)
	}
	for _, c := range mutating.Items {
		for _, w := range c.Webhooks {
			hooks = append(hooks, hook{c.Name + "/" + w.Name, w.FailurePolicy, w.ClientConfig.Service})
		}
	}
	var down []string
	for _, h := range hooks {
		if h.service == nil || h.policy == nil || *h.policy != admissionv1.Fail {
			continue
		}
		up, err := hasEndpoint(ctx, s, h.service.Namespace, h.service.Name)
		if err != nil {
			return "", err
		}
		if !up {
			down = append(down, h.name)
		}
	}
	if len(down) > 0 {
		return "", fmt.Errorf("nobody answers for: %s", strings.Join(down, ", "))
	}
	return fmt.Sprintf("%d", len(hooks)), nil
}

func hasEndpoint(ctx context.Context, s *Subject, namespace, service string) (bool, error) {
	list, err := s.Cluster.Typed.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{
		LabelSelector: discoveryv1.LabelServiceName + "=" + service,
	})
	if err != nil {
		return false, fmt.Errorf("listing the endpoints of Service %s/%s: %w", namespace, service, err)
	}
	return slices.ContainsFunc(list.Items, func(slice discoveryv1.EndpointSlice) bool {
		return slices.ContainsFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool {
			return e.Conditions.Ready == nil || *e.Conditions.Ready
		})
	}), nil
}

// needed are the rights without which some step fails half-way.
var needed = []authorizationv1.ResourceAttributes{
	{Verb: "create", Resource: "namespaces"},
	{Verb: "patch", Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"},
	{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "clusterroles"},
	{Verb: "escalate", Group: "rbac.authorization.k8s.io", Resource: "clusterroles"},
	{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings"},
	{Verb: "create", Group: "scheduling.k8s.io", Resource: "priorityclasses"},
	{Verb: "create", Resource: "secrets"},
	{Verb: "create", Group: "apps", Resource: "deployments"},
	{Verb: "create", Group: "networking.k8s.io", Resource: "networkpolicies"},
	{Verb: "create", Group: "coordination.k8s.io", Resource: "leases"},
}

func rights(ctx context.Context, s *Subject) (string, error) {
	var missing []string
	for _, attributes := range needed {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes}}
		answer, err := s.Cluster.Typed.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return "", fmt.Errorf("asking for the right to %s %s: %w", attributes.Verb, attributes.Resource, err)
		}
		if !answer.Status.Allowed {
			missing = append(missing, attributes.Verb+" "+attributes.Resource)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("missing: %s", strings.Join(missing, ", "))
	}
	return fmt.Sprintf("%d proved", len(needed)), nil
}

func networkPolicies(context.Context, *Subject) (string, error) {
	return "", errors.New("an API server accepts policies whether or not anything enforces them")
}
