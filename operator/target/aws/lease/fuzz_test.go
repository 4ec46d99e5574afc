package lease

import (
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/answer"
)

// FuzzWindow reads any document of a gate: it is somebody else's, or it says what is written for its window, and no more.
func FuzzWindow(f *testing.F) {
	gate := Gate{Kind: "tables", Actions: []string{"lakeformation:GetDataAccess"}, Resources: []string{"*"}}
	begin := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	own := gate.Document(grant.Window{From: begin, Until: begin.Add(time.Hour)})
	f.Add(own)
	f.Add(`{"Version":"2012-10-17","Statement":[]}`)
	f.Add(own[:len(own)-2] + `,{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	f.Add(`{"Statement":[{"Effect":"Allow","Action":["lakeformation:*"],"Resource":["*"],"Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":"2027-03-01T08:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2027-03-01T09:00:00Z"}}}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		w, ours := gate.window(document)
		if !ours {
			return
		}
		if !answer.Same(document, gate.Document(w)) {
			t.Errorf("taken for the gate of %v: %s", w, document)
		}
		if again, ours := gate.window(gate.Document(w)); !ours || again != w {
			t.Errorf("the gate of %v is read as that of %v", w, again)
		}
	})
}
