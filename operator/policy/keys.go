package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// PathKeys is where Trino reads the keys by which it recognises the tokens of people's pods.
const PathKeys = "/keys"

const keysFile = "keys.json"

// Keys are the public keys with which the API server signs tokens of ServiceAccounts. Trino cannot fetch them itself: the
// API server shows them to accounts only, and Trino asks as nobody.
type Keys struct {
	fetch  func(context.Context) ([]byte, error)
	store  store
	log    *zap.Logger
	latest atomic.Pointer[[]byte]
}

// NewKeys begins with the keys that are kept in the folder.
func NewKeys(folder string, fetch func(context.Context) ([]byte, error), log *zap.Logger) *Keys {
	k := &Keys{fetch: fetch, store: store{folder}, log: log}
	if raw, err := os.ReadFile(filepath.Join(folder, keysFile)); err == nil && valid(raw) == nil {
		k.latest.Store(&raw)
	}
	return k
}

// Run fetches the keys again and again until the context ends: soon as long as there are none, then every so often.
func (k *Keys) Run(ctx context.Context, every, soon time.Duration) {
	for {
		wait := every
		if err := k.refresh(ctx); err != nil {
			k.log.Warn("keys of the API server", zap.Error(err))
			wait = soon
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (k *Keys) refresh(ctx context.Context) error {
	raw, err := k.fetch(ctx)
	if err != nil {
		return fmt.Errorf("fetching the keys of the API server: %w", err)
	}
	if err := valid(raw); err != nil {
		return fmt.Errorf("reading the keys of the API server: %w", err)
	}
	k.latest.Store(&raw)
	return k.store.keep(keysFile, raw)
}

// valid says what is wrong with a set of keys.
func valid(raw []byte) error {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return err
	}
	if len(set.Keys) == 0 {
		return errors.New("there are none")
	}
	return nil
}

// ServeHTTP answers Trino.
func (k *Keys) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	raw := k.latest.Load()
	if raw == nil {
		http.Error(w, "the keys of the API server are not known yet", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(*raw) // Trino sees that the answer is cut short
}
