package sealed_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/atoll-platform/atoll/internal/sealed"
)

func key(t *testing.T) *sealed.Key {
	t.Helper()
	k, err := sealed.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOnlyTheOneWhoAskedReadsIt(t *testing.T) {
	mine, other := key(t), key(t)
	text, err := sealed.Seal(mine.Public(), "uid-1", "AKIA1", "the secret")
	if err != nil || strings.Contains(text, "secret") {
		t.Fatalf("%q, %v", text, err)
	}
	if got, err := mine.Open("uid-1", "AKIA1", text); err != nil || got != "the secret" {
		t.Errorf("it opened as %q, %v", got, err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	for name, tt := range map[string]struct {
		key               *sealed.Key
		object, key2, txt string
	}{
		"another key":         {other, "uid-1", "AKIA1", text},
		"another object":      {mine, "uid-2", "AKIA1", text},
		"another secret":      {mine, "uid-1", "AKIA2", text},
		"a changed text":      {mine, "uid-1", "AKIA1", base64.StdEncoding.EncodeToString(raw)},
		"no text":             {mine, "uid-1", "AKIA1", ""},
		"a text of no base64": {mine, "uid-1", "AKIA1", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := tt.key.Open(tt.object, tt.key2, tt.txt); err == nil {
				t.Errorf("it opened as %q", got)
			}
		})
	}
}

func TestNothingIsSealedToNoKey(t *testing.T) {
	for name, public := range map[string]string{
		"none": "", "no base64": "*", "too short": "AAAA",
		"a point of small order": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	} {
		if text, err := sealed.Seal(public, "uid", "AKIA", "the secret"); err == nil {
			t.Errorf("%s: it is %q", name, text)
		}
	}
}
