package progress

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinesWhereThereIsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	p := New(&out)
	first, second := p.Start("connect"), p.Start("identity")
	second.Doing("waiting")
	first.Done("a cluster")
	p.Warn("network", "look out")
	second.Failed("Deployment identity: no pod\nand more")
	p.Start("skipped").Skipped("nothing to do")
	p.Start("long").Done(strings.Repeat("x", 2*textWidth))
	p.Start("never ends")
	p.Close()

	got := regexp.MustCompile(`\d+\.\ds`).ReplaceAllString(out.String(), "0.0s")
	want := `✓ connect                a cluster  0.0s
! network                look out
✗ identity               Deployment identity: no pod  0.0s
- skipped                nothing to do  0.0s
✓ long                   ` + strings.Repeat("x", textWidth-1) + `…  0.0s
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

func TestLiveLine(t *testing.T) {
	var out bytes.Buffer
	p := New(&out)
	p.Close()
	p.live, p.width = true, 30
	s := p.Start("identity")
	s.Doing("Deployment identity: Available: 0/1")
	p.draw()
	if line := strings.TrimPrefix(out.String(), "\r\033[K"); len([]rune(line)) >= p.width || !strings.HasSuffix(line, "…") {
		t.Errorf("the live line does not fit: %q", line)
	}
	out.Reset()
	if err := p.Aside(func() error { p.draw(); return nil }); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "identity") {
		t.Errorf("it is drawn over a question: %q", out.String())
	}
}
