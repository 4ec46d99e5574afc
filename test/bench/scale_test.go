package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/test/bench/scale"
)

const (
	workspaces         = 5000
	peoplePerWorkspace = 5
	servers            = 2000
	// writers is how many requests of the benchmark itself are on their way at once.
	writers = 16
	// quiet is how long the operator is watched while nothing changes.
	quiet = time.Minute
)

// BenchmarkOperator measures the operator with as many workspaces, people and servers as a bank has.
func BenchmarkOperator(b *testing.B) {
	n, pods := scale.Of(b, workspaces), scale.Of(b, servers)
	c := start(b, "simulated=25")
	c.create(b, profile("python"))
	o := operate(b, c)
	for b.Loop() {
		started := time.Now()
		c.each(b, n, func(ctx context.Context, i int) error { return c.Create(ctx, workspace(i)) })
		b.ReportMetric(time.Since(started).Seconds(), "s/all-created")
		c.ready(b, n)
		b.ReportMetric(time.Since(started).Seconds(), "s/all-ready")
		b.ReportMetric(o.requests(b)/float64(n), "requests/workspace")

		started = time.Now()
		c.each(b, pods, func(ctx context.Context, i int) error { return c.Create(ctx, server(i%n, i/n)) })
		c.running(b, pods)
		b.ReportMetric(time.Since(started).Seconds(), "s/servers-running")

		o.settle(b, n)
		busy, sent := o.cpu(b), o.requests(b)
		time.Sleep(quiet)
		b.ReportMetric(100*(o.cpu(b)-busy).Seconds()/quiet.Seconds(), "%-of-a-core-at-rest")
		b.ReportMetric((o.requests(b)-sent)/quiet.Seconds(), "requests/s-at-rest")
		b.ReportMetric(o.peak(b)/(1<<20), "MiB-peak")

		o.stop()
		started = time.Now()
		o = operate(b, c)
		o.settle(b, n)
		b.ReportMetric(time.Since(started).Seconds(), "s/full-resync")
		b.ReportMetric(o.writes(b), "writes/full-resync")
		b.ReportMetric(o.peak(b)/(1<<20), "MiB-peak-of-resync")
	}
}

// settle waits until every workspace was worked on and none waits.
func (o *operator) settle(b *testing.B, n int) {
	b.Helper()
	calm := 0
	for deadline := time.Now().Add(15 * time.Minute); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		done, waiting := o.reconciled(b)
		if done < float64(n) || waiting > 0 {
			calm = 0
			continue
		}
		if calm++; calm == 4 {
			return
		}
	}
	b.Fatal("the operator does not settle within 15 minutes")
}

// each does something n times, several at once.
func (c *cluster) each(b *testing.B, n int, do func(ctx context.Context, i int) error) {
	b.Helper()
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(writers)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

// ready waits until n workspaces are Ready.
func (c *cluster) ready(b *testing.B, n int) {
	b.Helper()
	c.wait(b, "workspaces to be Ready", func() (int, error) {
		list := &v1alpha1.WorkspaceList{}
		if err := c.List(b.Context(), list); err != nil {
			return 0, err
		}
		ready := 0
		for i := range list.Items {
			ws := &list.Items[i]
			if ws.Status.ObservedGeneration == ws.Generation && meta.IsStatusConditionTrue(ws.Status.Conditions, v1alpha1.ConditionReady) {
				ready++
			}
		}
		return ready, nil
	}, n)
}

// running waits until n servers run.
func (c *cluster) running(b *testing.B, n int) {
	b.Helper()
	c.wait(b, "servers to run", func() (int, error) {
		list := &corev1.PodList{}
		if err := c.List(b.Context(), list); err != nil {
			return 0, err
		}
		running := 0
		for i := range list.Items {
			if list.Items[i].Status.Phase == corev1.PodRunning {
				running++
			}
		}
		return running, nil
	}, n)
}

func (c *cluster) wait(b *testing.B, what string, count func() (int, error), n int) {
	b.Helper()
	last := 0
	for deadline := time.Now().Add(30 * time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Second) {
		got, err := count()
		if err == nil && got >= n {
			return
		}
		if got != last {
			b.Logf("waiting for %s: %d of %d", what, got, n)
			last = got
		}
	}
	b.Fatalf("waiting for %s: %d of %d after 30 minutes", what, last, n)
}

func profile(name string) *v1alpha1.Profile {
	between := v1alpha1.ResourceRange{Guarantee: resource.MustParse("100m"), Limit: resource.MustParse("1")}
	memory := v1alpha1.ResourceRange{Guarantee: resource.MustParse("256Mi"), Limit: resource.MustParse("1Gi")}
	return &v1alpha1.Profile{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.ProfileSpec{
			DisplayName: "Python", Image: "docker.io/atoll/notebook:0.1.0",
			Sizes: []v1alpha1.Size{{Name: "small", CPU: between, Memory: memory}},
		},
	}
}

func user(i, k int) string { return fmt.Sprintf("p%05d", i*peoplePerWorkspace+k) }

func name(i int) string { return fmt.Sprintf("team-%05d", i) }

func workspace(i int) *v1alpha1.Workspace {
	ws := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: name(i)},
		Spec: v1alpha1.WorkspaceSpec{
			DisplayName: "Team " + name(i), Owner: user(i, 0), Profiles: []string{"python"},
			Quota: v1alpha1.WorkspaceQuota{
				CPU: resource.MustParse("32"), Memory: resource.MustParse("64Gi"), Storage: resource.MustParse("200Gi"), Servers: 10,
			},
			Home: v1alpha1.Home{Size: resource.MustParse("10Gi")},
			Culling: v1alpha1.Culling{
				IdleAfter: metav1.Duration{Duration: time.Hour}, MaxHold: metav1.Duration{Duration: 24 * time.Hour},
			},
		},
	}
	for k := 1; k < peoplePerWorkspace; k++ {
		ws.Spec.Members = append(ws.Spec.Members, v1alpha1.Member{Kind: v1alpha1.MemberUser, Name: user(i, k), Role: v1alpha1.RoleMember})
	}
	return ws
}

// server is the pod of the k-th person's server in a workspace, as the hub makes it.
func server(i, k int) *corev1.Pod {
	who := user(i, k)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "notebook-" + person.Slug(who), Namespace: v1alpha1.WorkspaceNamespacePrefix + name(i),
			Labels: map[string]string{
				v1alpha1.LabelWorkspace: name(i), v1alpha1.LabelComponent: "notebook",
				v1alpha1.LabelPerson: person.Slug(who), v1alpha1.LabelProfile: "python",
			},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: person.ServiceAccount(who), PriorityClassName: "atoll-application",
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](1000),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "notebook", Image: "docker.io/atoll/notebook:0.1.0",
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("1Gi")},
				},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}
