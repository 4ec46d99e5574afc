package backup

import (
	"strings"
	"testing"
	"time"
)

func TestSaveName(t *testing.T) {
	at := time.Date(2026, 11, 20, 1, 32, 0, 0, time.UTC)
	if a, b := SaveName("home-ada", at), SaveName("home-ada", at.Add(time.Second)); a == b {
		t.Errorf("two times have one job, %s", a)
	}
	// The longest slug; a pod's name adds six characters to its job's.
	if name := SaveName("home-"+strings.Repeat("a", 40), at); len(name) > 57 {
		t.Errorf("%s has %d characters", name, len(name))
	}
}
