package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/test/e2e/hub"
)

const queryPeople = `import atoll_trino, os, pathlib
print(atoll_trino.connect().cursor().execute("SELECT * FROM memory.default.people").fetchall())
token = pathlib.Path("/run/atoll-trino/token").read_text().strip()
print([name for name, value in os.environ.items() if token in value])`

// queryInServer asks Trino in ada's server: who she is comes from her pod's token, and nothing of it is in her environment.
func (p *platform) queryInServer(ctx context.Context, t *testing.T) {
	ada := p.signIn(t, "ada")
	require.NoError(t, ada.Start(ctx, "query", hubDefaults))
	defer func() { require.NoError(t, ada.Stop(context.WithoutCancel(ctx), "query")) }()
	text, err := ada.Run(ctx, "query", queryPeople)
	require.NoError(t, err)
	require.Equal(t, "[['ann', '***']]\n[]", strings.TrimSpace(text))
	var raised *hub.CellError
	for sql, user := range map[string]string{"SELECT region FROM memory.default.people": "", "SELECT 1": "bob"} {
		_, err = ada.Run(ctx, "query", "import atoll_trino\natoll_trino.connect(user='"+user+"' or None).cursor().execute('"+sql+"').fetchall()")
		require.ErrorAs(t, err, &raised, "%s as %q", sql, user)
		require.Contains(t, raised.Error(), "Access Denied")
	}
}

// conflictInTrino gives bob both sides of a matter past the operator, and sees that no query of his reads both.
func (p *platform) conflictInTrino(ctx context.Context, t *testing.T, e *engine, create func(...client.Object)) {
	for table, side := range map[string]string{"buyers": "buyer", "sellers": "seller"} {
		defer e.table(ctx, t, table, "SELECT 1 AS a")()
		d := tableDataset(table, "a")
		d.Spec.ConflictClasses = []v1alpha1.ConflictClass{{Name: "deal", Side: side}}
		create(d)
	}
	eventually(t, time.Minute, "the decision point to know the conflict class", func(context.Context) (bool, error) {
		return len(*e.live(t, p).Tables) == 2, nil
	})
	const buyers, sellers = "SELECT a FROM memory.default.buyers", "SELECT a FROM memory.default.sellers"
	// Data in conflict classes is denied at first, and what nobody granted is taken away again and again: only what was seen
	// while bob had both sides counts.
	var one, both, other bool
	started := time.Now()
	took := eventually(t, 4*time.Minute, "bob to read one side", func(ctx context.Context) (bool, error) {
		e.seed(t, p, ghostOf("bob", "buyers"), ghostOf("bob", "sellers"))
		both = e.may(ctx, t, "bob", buyers+" UNION ALL "+sellers)
		one, other = e.may(ctx, t, "bob", buyers), e.may(ctx, t, "bob", sellers)
		return both || other || one && len(e.live(t, p).Set["bob"]) == 2, nil
	})
	require.False(t, both, "bob reads both sides in one query")
	require.False(t, other, "bob reads one side, and then the other")
	const reason = "table memory.default.sellers lies on another side of conflict class deal"
	log := p.logs(ctx, t, "atoll-directory", "trino", "policy", started)
	require.Contains(t, log, reason)
	t.Logf("bob, with access to both sides, reads one after %s, and is denied the other %d times, alone and in one query with the first: %s",
		took, strings.Count(log, reason), reason)
}

// ghostsInTrino gives access past the operator, and sees all of it named, reported and taken away.
func (p *platform) ghostsInTrino(ctx context.Context, t *testing.T, e *engine) {
	const sql = "SELECT name FROM memory.default.people"
	e.denied(ctx, t, "bob", sql)
	// Somebody with no grant, somebody with a narrower one, and somebody whom the platform does not know.
	seeded := []string{"ada", "bob", "mallory"}
	seed := func() {
		e.seed(t, p, ghostOf("ada", "people"), ghostOf("bob", "people"), ghostOf("mallory", "people"))
	}
	started := time.Now()
	var named []string
	eventually(t, time.Minute, "the ghosts to be named", func(context.Context) (bool, error) {
		seed()
		var answer struct {
			Ghosts []v1alpha1.GhostAccess `json:"ghosts"`
		}
		out, _ := p.try(t, p.bin("atoll"), "access", "ghosts", "-o", "json", "--context", p.context())
		if err := json.NewDecoder(strings.NewReader(out[max(strings.Index(out, "{"), 0):])).Decode(&answer); err != nil {
			return false, nil //nolint:nilerr // the command says so in words where the operator does not answer in time
		}
		named = nil
		for _, ghost := range answer.Ghosts {
			require.Equal(t, v1alpha1.TargetTrino, ghost.Target)
			require.Contains(t, ghost.Access[0], "Select memory.default.people")
			named = append(named, ghost.Account)
		}
		slices.Sort(named)
		return slices.Equal(named, seeded), nil
	})
	eventually(t, time.Minute, "bob to have access that nobody granted", func(ctx context.Context) (bool, error) {
		seed()
		return e.may(ctx, t, "bob", sql), nil
	})
	took := eventually(t, 2*time.Minute, "the ghosts to be gone", func(ctx context.Context) (bool, error) { return !e.may(ctx, t, "bob", sql), nil })
	require.NotContains(t, e.live(t, p).Set, "mallory")
	rows, err := e.query(ctx, "ada", "SELECT * FROM memory.default.people")
	require.NoError(t, err)
	require.Equal(t, [][]any{{"ann", "***"}}, rows, "ada has what she is granted again")
	logs := p.logs(ctx, t, "atoll-directory", "operator", "manager", started)
	require.Contains(t, logs, "access without a grant")
	t.Logf("of %d ghosts seeded %d were found (%s), and gone after %s", len(seeded), len(named), strings.Join(named, ", "), took)
}

// ghostOf is access to a table that nobody has granted.
func ghostOf(person, table string) grant.Atom {
	return grant.Atom{
		Subject: grant.Subject{Kind: grant.User, Name: person}, Action: grant.Select, Grant: "ghost",
		Selector: grant.Selector{Part: &grant.Part{Table: grant.Table{Catalog: "memory", Schema: "default", Table: table}}},
		Window:   grant.Window{From: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)},
	}
}

// live is what the decision point decides by.
func (e *engine) live(t testing.TB, p *platform) policy.Push {
	t.Helper()
	live, err := policy.ParsePush(bytes.NewReader(e.decisionPoint(t, p, http.MethodGet, nil)))
	require.NoError(t, err)
	return live
}

// seed gives access past the operator: each person named has the atoms and nothing else.
func (e *engine) seed(t testing.TB, p *platform, atoms ...grant.Atom) {
	t.Helper()
	live := e.live(t, p)
	for _, a := range atoms {
		delete(live.Set, a.Subject.Name)
	}
	for _, a := range atoms {
		live.Set[a.Subject.Name] = append(live.Set[a.Subject.Name], a)
	}
	digests := map[string]string{}
	for person, atoms := range live.Set {
		digests[person] = grant.Digest(atoms)
	}
	live.Digest = policy.Digest(digests, *live.Tables)
	body, err := json.Marshal(live)
	require.NoError(t, err)
	e.decisionPoint(t, p, http.MethodPatch, body)
}

// decisionPoint asks the decision point with the operator's token.
func (e *engine) decisionPoint(t testing.TB, p *platform, method string, body []byte) []byte {
	t.Helper()
	var secret corev1.Secret
	require.NoError(t, p.client(t).Get(t.Context(), client.ObjectKey{Namespace: "atoll-directory", Name: "trino-policy"}, &secret))
	req, err := http.NewRequestWithContext(t.Context(), method, "https://"+trinoHost+":8444"+policy.PathSnapshot, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+string(secret.Data["token"]))
	res, err := e.http.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var out bytes.Buffer
	_, err = out.ReadFrom(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, out.String())
	return out.Bytes()
}
