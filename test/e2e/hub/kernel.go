package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/uuid"
)

// message is one of Jupyter's messages, protocol 5.3.
type message struct {
	Header       header         `json:"header"`
	ParentHeader header         `json:"parent_header"`
	Metadata     map[string]any `json:"metadata"`
	Content      content        `json:"content"`
	Channel      string         `json:"channel"`
	Buffers      []any          `json:"buffers"`
}

type header struct {
	MsgID    string `json:"msg_id,omitempty"`
	MsgType  string `json:"msg_type,omitempty"`
	Session  string `json:"session,omitempty"`
	Username string `json:"username,omitempty"`
	Date     string `json:"date,omitempty"`
	Version  string `json:"version,omitempty"`
}

type content struct {
	Code           string                     `json:"code,omitempty"`
	Silent         bool                       `json:"silent"`
	StoreHistory   bool                       `json:"store_history"`
	AllowStdin     bool                       `json:"allow_stdin"`
	StopOnError    bool                       `json:"stop_on_error"`
	Text           string                     `json:"text,omitempty"`
	Data           map[string]json.RawMessage `json:"data,omitempty"`
	ExecutionState string                     `json:"execution_state,omitempty"`
	EName          string                     `json:"ename,omitempty"`
	EValue         string                     `json:"evalue,omitempty"`
	Traceback      []string                   `json:"traceback,omitempty"`
}

// CellError is an exception that a cell raised.
type CellError struct{ Name, Value string }

func (e *CellError) Error() string { return "the cell raised " + e.Name + ": " + e.Value }

// Run starts a kernel in the person's server, executes one cell over its websocket and
// returns what the cell printed, together with the text of its last expression.
func (s *Session) Run(ctx context.Context, workspace, code string) (string, error) {
	var kernel struct {
		ID string `json:"id"`
	}
	kernels := s.serverPath(workspace) + "/api/kernels"
	if err := s.call(ctx, http.MethodPost, kernels, map[string]string{"name": "python3"}, &kernel); err != nil {
		return "", fmt.Errorf("starting a kernel in workspace %s: %w", workspace, err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.call(end, http.MethodDelete, kernels+"/"+kernel.ID, nil, nil)
	}()

	target := "ws" + strings.TrimPrefix(s.url(kernels+"/"+kernel.ID+"/channels"), "http")
	conn, _, err := websocket.Dial(ctx, target, &websocket.DialOptions{ //nolint:bodyclose // Dial closes it itself
		HTTPHeader: http.Header{"Authorization": {"token " + s.token}},
	})
	if err != nil {
		return "", fmt.Errorf("opening the kernel's websocket: %w", err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(16 << 20)

	id := uuid.NewString()
	request := message{
		Header:   header{MsgID: id, MsgType: "execute_request", Session: uuid.NewString(), Username: s.User, Date: time.Now().UTC().Format(time.RFC3339Nano), Version: "5.3"},
		Metadata: map[string]any{},
		Content:  content{Code: code, StoreHistory: true, StopOnError: true},
		Channel:  "shell",
		Buffers:  []any{},
	}
	if err := wsjson.Write(ctx, conn, request); err != nil {
		return "", fmt.Errorf("sending the cell: %w", err)
	}
	return output(ctx, conn, id)
}

// output collects what the cell prints until the kernel is idle again.
func output(ctx context.Context, conn *websocket.Conn, id string) (string, error) {
	var out strings.Builder
	var failure error
	for {
		var m message
		if err := wsjson.Read(ctx, conn, &m); err != nil {
			return out.String(), fmt.Errorf("reading the cell's output: %w", err)
		}
		if m.ParentHeader.MsgID != id {
			continue
		}
		switch m.Header.MsgType {
		case "stream":
			out.WriteString(m.Content.Text)
		case "execute_result":
			var text string
			if err := json.Unmarshal(m.Content.Data["text/plain"], &text); err == nil {
				out.WriteString(text)
			}
		case "error":
			failure = &CellError{Name: m.Content.EName, Value: m.Content.EValue}
		case "status":
			if m.Content.ExecutionState == "idle" {
				return out.String(), failure
			}
		}
	}
}
