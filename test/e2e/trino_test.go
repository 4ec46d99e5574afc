package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const endings = 20

// testTrino asks the real Trino for data that is granted for a while, with the operator and the API server killed before the
// end.
func testTrino(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 12*time.Minute)
	defer cancel()
	p.withTrino(t)
	c := p.client(t)
	ws := &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: "query"}, Spec: v1alpha1.WorkspaceSpec{
		DisplayName: "Query", Owner: "carol", DeletionPolicy: v1alpha1.DeletionDelete, Profiles: []string{"python"},
		Members: []v1alpha1.Member{{Kind: v1alpha1.MemberUser, Name: "ada", Role: v1alpha1.RoleMember}, {Kind: v1alpha1.MemberUser, Name: "bob", Role: v1alpha1.RoleMember}},
		Quota:   v1alpha1.WorkspaceQuota{CPU: resource.MustParse("4"), Memory: resource.MustParse("8Gi"), Storage: resource.MustParse("20Gi")},
		Home:    v1alpha1.Home{Size: resource.MustParse("1Gi")}, Culling: v1alpha1.Culling{IdleAfter: metav1.Duration{Duration: time.Hour}},
	}}
	require.NoError(t, c.Create(ctx, ws))
	e := p.engine(t, "query", "ada", "bob", "carol")
	eventually(t, 2*time.Minute, "Trino to have a worker", func(ctx context.Context) (bool, error) {
		rows, err := e.query(ctx, "bob", "SELECT 6 * 7")
		return err == nil && len(rows) == 1, nil
	})
	var made []client.Object
	defer func() {
		for _, obj := range append(made, ws) {
			require.NoError(t, client.IgnoreNotFound(c.Delete(context.WithoutCancel(ctx), obj)))
		}
	}()
	create := func(objects ...client.Object) {
		t.Helper()
		for _, obj := range objects {
			require.NoError(t, c.Create(ctx, obj))
			made = append(made, obj)
		}
	}

	t.Run("what is granted is seen, and nothing else", func(t *testing.T) {
		_, err := e.query(ctx, "carol", `CREATE TABLE memory.default.people AS SELECT * FROM (VALUES
			('ann', '123-45-6789', 'east', 1), ('ben', '987-65-4321', 'west', 2)) AS t(name, ssn, region, age)`)
		require.NoError(t, err)
		e.denied(ctx, t, "carol", "SELECT * FROM memory.default.people") // who defines tables reads nothing
		begin := time.Now().Add(6 * time.Second).Truncate(time.Second)
		create(tableDataset("people", "name", "ssn", "region", "age"), tableGrant("people", "ada", begin, begin.Add(time.Hour), &v1alpha1.GrantSelector{
			Columns: []v1alpha1.ColumnName{"name", "ssn"},
			Masks:   []v1alpha1.ColumnMask{{Column: "ssn", Kind: v1alpha1.MaskRedact}},
			Rows:    []v1alpha1.RowCondition{{Column: "region", Values: []string{"east"}}},
		}))
		e.denied(ctx, t, "ada", "SELECT name FROM memory.default.people")
		require.True(t, time.Now().Before(begin), "the window began before it was tried")
		eventually(t, 30*time.Second, "ada to see the table", func(ctx context.Context) (bool, error) {
			return e.may(ctx, t, "ada", "SELECT name FROM memory.default.people"), nil
		})
		require.False(t, time.Now().Before(begin), "ada read before the window")
		rows, err := e.query(ctx, "ada", "SELECT * FROM memory.default.people")
		require.NoError(t, err)
		require.Equal(t, [][]any{{"ann", "***"}}, rows, "a mask and a filter, and no other columns")
		rows, err = e.query(ctx, "ada", "SELECT count(*) FROM memory.default.people")
		require.NoError(t, err)
		require.Equal(t, "[[1]]", fmt.Sprint(rows))
		for _, sql := range []string{
			"SELECT region FROM memory.default.people", "SELECT name FROM memory.default.people WHERE age = 1",
			"SELECT * FROM tpch.tiny.nation", "CREATE TABLE memory.default.copy AS SELECT name FROM memory.default.people",
			"INSERT INTO memory.default.people VALUES ('cyd', '1', 'east', 3)", "DROP TABLE memory.default.people",
			"CREATE VIEW memory.default.v AS SELECT name FROM memory.default.people", "SET SESSION query_max_planning_time = '1h'",
			"SELECT * FROM system.runtime.queries",
		} {
			e.denied(ctx, t, "ada", sql)
		}
		e.denied(ctx, t, "bob", "SELECT name FROM memory.default.people")
	})

	t.Run("a server asks as its person", func(t *testing.T) { p.queryInServer(ctx, t) })
	t.Run("what must not come together does not", func(t *testing.T) { p.conflictInTrino(t, e, create) })
	t.Run("revocations act at once", func(t *testing.T) { p.revocations(t, e, create) })
	t.Run("a ghost is found", func(t *testing.T) { p.ghostInTrino(t, e) })
	t.Run("grants end while nothing else runs", func(t *testing.T) { p.endings(t, e, create) })
	if !t.Failed() {
		p.withoutTrino(t)
	}
}

// revocations measures how long a person still reads after their grant is revoked.
func (p *platform) revocations(t *testing.T, e *engine, create func(...client.Object)) {
	trials := 10
	if os.Getenv("ATOLL_E2E_FULL") != "" {
		trials = 50
	}
	var took, asked []time.Duration
	for i := range trials {
		g := tableGrant("people", "bob", time.Now().Add(-time.Minute), time.Now().Add(time.Hour), nil)
		g.Name = fmt.Sprintf("e2e-people-bob-%d", i)
		create(g)
		const sql = "SELECT name FROM memory.default.people"
		eventually(t, 30*time.Second, "bob to read", func(ctx context.Context) (bool, error) { return e.may(ctx, t, "bob", sql), nil })
		patch := []byte(`{"spec":{"revocation":{"by":"carol","reason":"The test is over."}}}`)
		started := time.Now()
		require.NoError(t, p.client(t).Patch(t.Context(), g, client.RawPatch("application/merge-patch+json", patch)))
		for may := true; may; {
			at := time.Now()
			may = e.may(t.Context(), t, "bob", sql)
			asked = append(asked, time.Since(at))
			require.Less(t, time.Since(started), 10*time.Second, "bob still reads")
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	t.Logf("%d revocations, until a query is first refused: p50 %d ms, p99 %d ms, with %s", trials,
		took[len(took)/2].Milliseconds(), took[len(took)*99/100].Milliseconds(), spacing(asked))
}

// spacing says how far apart queries that follow each other are.
func spacing(asked []time.Duration) string {
	slices.Sort(asked)
	return fmt.Sprintf("a query every %d ms (p50; p99 %d ms)", asked[len(asked)/2].Milliseconds(), asked[len(asked)*99/100].Milliseconds())
}

// endings has grants end one after the other while the operator and the API server are dead, and measures around each end.
func (p *platform) endings(t *testing.T, e *engine, create func(...client.Object)) {
	ctx := t.Context()
	begin := time.Now().Add(-time.Minute).Truncate(time.Second)
	first := time.Now().Add(70 * time.Second).Truncate(time.Second)
	var ends []time.Time
	for i := range endings {
		table := fmt.Sprintf("ending_%d", i)
		_, err := e.query(ctx, "carol", "CREATE TABLE memory.default."+table+" AS SELECT 1 AS a")
		require.NoError(t, err)
		ends = append(ends, first.Add(time.Duration(i)*3*time.Second))
		create(tableDataset(table, "a"), tableGrant(table, "ada", begin, ends[i], nil))
	}
	sql := func(i int) string { return fmt.Sprintf("SELECT a FROM memory.default.ending_%d", i) }
	for i := range endings {
		eventually(t, time.Minute, "ada to read", func(ctx context.Context) (bool, error) { return e.may(ctx, t, "ada", sql(i)), nil })
	}
	var operator corev1.PodList
	require.NoError(t, p.client(t).List(ctx, &operator, client.InNamespace("atoll-directory"), client.MatchingLabels{"app.kubernetes.io/name": "operator"}))
	p.killControlPlane(t, "kube-apiserver")
	killed := 0
	for _, pod := range operator.Items {
		for _, pid := range processesOf(t, string(pod.UID)) {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			killed++
		}
	}
	require.Positive(t, killed, "no process of the operator was killed")
	require.True(t, time.Now().Before(first), "the first grant ended before operator and API server were killed")
	var asked []time.Duration
	for i, end := range ends {
		time.Sleep(time.Until(end.Add(-1500 * time.Millisecond)))
		var last, denial time.Time
		for denial.IsZero() {
			at := time.Now()
			may := e.may(ctx, t, "ada", sql(i))
			asked = append(asked, time.Since(at))
			if may {
				last = at
				require.Less(t, at.Sub(end), 2*time.Second, "ada still reads")
				continue
			}
			denial = at
		}
		t.Logf("ending %d: the last query that was allowed began %d ms before the end, the first that was refused %d ms after it",
			i, end.Sub(last).Milliseconds(), denial.Sub(end).Milliseconds())
		require.False(t, last.IsZero(), "ada did not read before the end")
		require.True(t, last.Before(end), "ada read after the end")
	}
	t.Logf("around the ends there was %s", spacing(asked))
	p.output(t, p.bin("atoll-cluster"), "up", "--name", p.name, "--nodes", "real")
	eventually(t, 3*time.Minute, "the API server", func(ctx context.Context) (bool, error) {
		_, err := p.clientset(t).CoreV1().Namespaces().Get(ctx, "atoll-directory", metav1.GetOptions{})
		return err == nil, nil
	})
}

func tableDataset(table string, columns ...v1alpha1.ColumnName) *v1alpha1.Dataset {
	d := &v1alpha1.Dataset{ObjectMeta: metav1.ObjectMeta{Name: "e2e-" + strings.ReplaceAll(table, "_", "-")}, Spec: v1alpha1.DatasetSpec{
		Owner: "carol", Classification: "C1",
		Location: v1alpha1.DatasetLocation{Table: &v1alpha1.TableName{Catalog: "memory", Schema: "default", Table: table}},
	}}
	for _, name := range columns {
		d.Spec.Columns = append(d.Spec.Columns, v1alpha1.DatasetColumn{Name: name})
	}
	return d
}

func tableGrant(table, person string, begin, end time.Time, selector *v1alpha1.GrantSelector) *v1alpha1.DataGrant {
	name := "e2e-" + strings.ReplaceAll(table, "_", "-")
	return &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: name + "-" + person}, Spec: v1alpha1.DataGrantSpec{
		Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: person}, Dataset: name, Selector: selector,
		Actions:   []v1alpha1.GrantAction{v1alpha1.ActionSelect},
		NotBefore: v1alpha1.At(begin), NotAfter: v1alpha1.At(end), Ceiling: "C1",
		Purpose: "To see that data is read in queries.", RequestedBy: v1alpha1.UserName(person), ApprovedBy: []v1alpha1.UserName{"carol"},
	}}
}

// withTrino switches the query engine on, unless it is.
func (p *platform) withTrino(t testing.TB) {
	t.Helper()
	if p.hasTrino(t) {
		return
	}
	base, err := os.ReadFile(p.path("examples/quickstart/platform.yaml"))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "platform.yaml")
	require.NoError(t, os.WriteFile(file, append(base, "\n  components:\n    - {name: trino, values: {policy: {administrators: [carol]}, javaOptions: [-XX:TieredStopAtLevel=1]}}\n    - {name: trino-worker, values: {javaOptions: [-XX:TieredStopAtLevel=1]}}\n"...), 0o600))
	p.output(t, p.bin("atoll"), "bootstrap", "-f", file, "--context", p.context())
}

// withoutTrino switches it off again.
func (p *platform) withoutTrino(t testing.TB) {
	t.Helper()
	if os.Getenv("SKIP_bootstrap") != "" {
		return
	}
	p.output(t, p.bin("atoll"), "bootstrap", "-f", p.path("examples/quickstart/platform.yaml"), "--context", p.context())
	require.False(t, p.hasTrino(t))
}

func (p *platform) hasTrino(t testing.TB) bool {
	t.Helper()
	for _, subcluster := range p.status(t).Subclusters {
		for _, component := range subcluster.Components {
			if component.Name == "trino" && component.State == "ready" {
				return true
			}
		}
	}
	return false
}
