package policy

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"go.uber.org/zap"
)

// Paths for the operator.
const (
	// PathSnapshot is changed by PATCH with a Push, and read by GET, which answers with a Push too.
	PathSnapshot = "/v1/snapshot"
	// PathStatus says what there is.
	PathStatus = "/v1/status"
	// PathHealth answers anybody.
	PathHealth = "/healthz"
)

// mostPushed bounds a push: a few hundred thousand grants.
const mostPushed = 1 << 30

// Admin answers the operator, which shows that it is the operator by the token in the file. The file is read at each
// request, so that a new token needs no restart.
func Admin(p *Point, tokenFile string, log *zap.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathHealth, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	guarded := func(pattern string, do http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := authenticate(r, tokenFile); err != nil {
				log.Warn("push refused", zap.String("from", r.RemoteAddr), zap.Error(err))
				http.Error(w, "this is for the operator, and the token is not its own", http.StatusUnauthorized)
				return
			}
			do(w, r)
		})
	}
	guarded("GET "+PathStatus, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.Status()) })
	guarded("GET "+PathSnapshot, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.Live()) })
	guarded("PATCH "+PathSnapshot, func(w http.ResponseWriter, r *http.Request) {
		push, err := ParsePush(http.MaxBytesReader(w, r.Body, mostPushed))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		status, err := p.Push(push)
		if err != nil {
			log.Error("push failed", zap.Error(err))
			code := http.StatusUnprocessableEntity
			if errors.Is(err, ErrBase) {
				code = http.StatusConflict
			}
			http.Error(w, err.Error(), code)
			return
		}
		if len(push.Set)+len(push.Remove) > 0 || push.Base == "" {
			log.Info("grants changed", zap.Int("set", len(push.Set)), zap.Int("removed", len(push.Remove)),
				zap.Int("people", status.People), zap.Int("atoms", status.Atoms), zap.String("digest", status.Digest))
		}
		answer(w, http.StatusOK, status)
	})
	return mux
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// Who asked sees that the answer is cut short.
	_ = json.NewEncoder(w).Encode(body)
}

// authenticate compares the bearer token with the one in the file, in a time that does not tell how much of it is right.
func authenticate(r *http.Request, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the operator's token: %w", err)
	}
	want := strings.TrimSpace(string(raw))
	got, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	if want == "" || !isBearer || subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		return errors.New("the token is not the operator's")
	}
	return nil
}
