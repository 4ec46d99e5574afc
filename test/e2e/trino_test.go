package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// testTrino asks the real Trino for data that is granted for a while, with the operator and the API server killed before the
// end.
func testTrino(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 20*time.Minute)
	defer cancel()
	p.withTrino(t)
	defer func() {
		if !t.Failed() {
			p.withoutTrino(t)
		}
	}()
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

	defer e.table(ctx, t, "people", `SELECT * FROM (VALUES
		('ann', '123-45-6789', 'east', 1), ('ben', '987-65-4321', 'west', 2)) AS t(name, ssn, region, age)`)()

	t.Run("what is granted is seen, and nothing else", func(t *testing.T) {
		e.denied(ctx, t, "carol", "SELECT * FROM memory.default.people") // who defines tables reads nothing
		begin := time.Now().Add(20 * time.Second).Truncate(time.Second)
		g := tableGrant("people", "ada", begin, begin.Add(time.Hour), &v1alpha1.GrantSelector{
			Columns: []v1alpha1.ColumnName{"name", "ssn"},
			Masks:   []v1alpha1.ColumnMask{{Column: "ssn", Kind: v1alpha1.MaskRedact}},
			Rows:    []v1alpha1.RowCondition{{Column: "region", Values: []string{"east"}}},
		})
		create(tableDataset("people", "name", "ssn", "region", "age"), g)
		p.applied(ctx, t, g.Name)
		var denied, allowed time.Time
		eventually(t, time.Minute, "ada to see the table", func(ctx context.Context) (bool, error) {
			asked := time.Now()
			if e.may(ctx, t, "ada", "SELECT name FROM memory.default.people") {
				allowed = time.Now()
				return true, nil
			}
			require.True(t, asked.Before(begin), "denied inside the window")
			denied = asked
			return false, nil
		})
		require.False(t, denied.IsZero(), "the window began before it was tried")
		require.False(t, allowed.Before(begin), "allowed before the window")
		t.Logf("the last denial was asked %d ms before the window began, the first allow answered %d ms after it",
			begin.Sub(denied).Milliseconds(), allowed.Sub(begin).Milliseconds())
		rows, err := e.query(ctx, "ada", "SELECT * FROM memory.default.people")
		require.NoError(t, err)
		require.Equal(t, [][]any{{"ann", "***"}}, rows, "a mask and a filter, and no other columns")
		count, err := e.query(ctx, "ada", "SELECT count(*) FROM memory.default.people")
		require.NoError(t, err)
		require.Equal(t, "[[1]]", fmt.Sprint(count))
		t.Logf("of a table with 2 rows and 4 columns, ada sees %v, and counts %v", rows, count)
		others := []string{
			"SELECT region FROM memory.default.people", "SELECT name FROM memory.default.people WHERE age = 1",
			"SELECT * FROM tpch.tiny.nation", "CREATE TABLE memory.default.copy AS SELECT name FROM memory.default.people",
			"INSERT INTO memory.default.people VALUES ('cyd', '1', 'east', 3)", "DROP TABLE memory.default.people",
			"CREATE VIEW memory.default.v AS SELECT name FROM memory.default.people", "SET SESSION query_max_planning_time = '1h'",
			"SELECT * FROM system.runtime.queries",
		}
		for _, sql := range others {
			e.denied(ctx, t, "ada", sql)
		}
		e.denied(ctx, t, "bob", "SELECT name FROM memory.default.people")
		t.Logf("ada is denied %d other statements, of another column and another table among them; bob is denied the table", len(others))
	})

	t.Run("a server asks as its person", func(t *testing.T) { p.queryInServer(ctx, t) })
	t.Run("what must not come together does not", func(t *testing.T) { p.conflictInTrino(ctx, t, e, create) })
	t.Run("revocations act at once", func(t *testing.T) { p.revocations(ctx, t, e, create) })
	t.Run("a ghost is found", func(t *testing.T) { p.ghostsInTrino(ctx, t, e) })
	t.Run("grants end while nothing else runs", func(t *testing.T) { p.endings(ctx, t, e, create) })
}

// revocations measures how long a person still reads, with the token they have, after their grant is revoked.
func (p *platform) revocations(ctx context.Context, t *testing.T, e *engine, create func(...client.Object)) {
	const sql = "SELECT name FROM memory.default.people"
	var took, asked []time.Duration
	bobReads := func() bool {
		at := time.Now()
		defer func() { asked = append(asked, time.Since(at)) }()
		return e.may(ctx, t, "bob", sql)
	}
	for i := range trials(10, 50) {
		g := tableGrant("people", "bob", time.Now().Add(-time.Minute), time.Now().Add(time.Hour), nil)
		g.Name = fmt.Sprintf("e2e-people-bob-%d", i)
		create(g)
		p.applied(ctx, t, g.Name)
		require.True(t, bobReads(), "bob has a grant")
		took = append(took, p.revoke(ctx, t, g.Name, bobReads))
	}
	t.Logf("Trino, %d revocations through the API, until a live token is first denied: %s; a query took: %s", len(took), percentiles(took), percentiles(asked))
}

// endings has grants end one after the other while the operator and the API server are dead, and looks at each end.
func (p *platform) endings(ctx context.Context, t *testing.T, e *engine, create func(...client.Object)) {
	const n = 20
	table := func(i int) string { return fmt.Sprintf("ending_%d", i) }
	reads := func(i int) bool { return e.may(ctx, t, "ada", "SELECT a FROM memory.default."+table(i)) }
	started := time.Now()
	for i := range n {
		defer e.table(ctx, t, table(i), "SELECT 1 AS a")()
		create(tableDataset(table(i), "a"))
	}
	// The slower the machine is, the later the ends are, and the further apart.
	pace := time.Since(started) / n
	first := time.Now().Add(40*time.Second + 2*n*pace).Truncate(time.Second)
	apart := max(3*time.Second, (4 * pace).Round(time.Second))
	end := func(i int) time.Time { return first.Add(time.Duration(i) * apart) }
	for i := range n {
		create(tableGrant(table(i), "ada", first.Add(-time.Hour), end(i), nil))
	}
	for i := range n {
		p.applied(ctx, t, tableGrant(table(i), "ada", first, first, nil).Name)
		require.True(t, reads(i), table(i))
	}
	defer p.kill9(t)()
	require.True(t, time.Now().Before(first), "the first grant ended before operator and API server were killed")
	var around endings
	for i := range n {
		around.watch(t, end(i), func() bool { return reads(i) })
	}
	around.seen(t, "Trino")
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
