package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	keepAttempts = 5
	keepPause    = 500 * time.Millisecond
)

// Keep writes the executed notebook to where the desk says, or where it does not answer to the URL that it gave before. A run
// that has none is no error, and nothing is kept.
func Keep(ctx context.Context, folder string, desk Desk, held string) Result {
	data, err := os.ReadFile(filepath.Join(folder, Output))
	if errors.Is(err, fs.ErrNotExist) {
		return Result{Reason: "NoOutput", Message: "the notebook did not begin to run"}
	}
	if err != nil {
		return Result{Reason: "NotKept", Message: fmt.Sprintf("reading the executed notebook: %v", err)}
	}
	for attempt := range keepAttempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return Result{Reason: "NotKept", Message: fmt.Sprintf("keeping the executed notebook: %v", err)}
			case <-time.After(keepPause << (attempt - 1)):
			}
		}
		url := held
		// One that was signed just now is good where what the first was signed with has ended.
		if now, asked := desk.ask(ctx, PathOutput); asked == nil {
			url = now
		} else if err = asked; held == "" {
			continue
		}
		if err = put(ctx, url, data); err == nil {
			return Result{Kept: true}
		}
	}
	return Result{Reason: "NotKept", Message: fmt.Sprintf("keeping the executed notebook: %v", err)}
}

func put(ctx context.Context, url string, data []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(data))
	if err != nil {
		return errors.New("the address to write it to is no URL")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return redact(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	return fmt.Errorf("the object store answered %s: %s", resp.Status, body)
}
