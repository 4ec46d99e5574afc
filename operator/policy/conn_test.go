package policy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"time"

	"github.com/atoll-platform/atoll/operator/policy"
)

// posted is all that is sent to ask whether something is allowed.
func posted(body []byte) []byte { return postedTo(policy.PathAllow, body) }

// postedTo is all that is sent to ask something.
func postedTo(path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, len(body), body)
}

// conn is a connection that costs whoever asks little, so that what is measured is the server.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func dial(address string) (*conn, error) {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReader(c)}, nil
}

func (c *conn) close() { _ = c.Close() }

// ask sends a whole request and reads whether it is allowed.
func (c *conn) ask(request []byte) (bool, error) {
	body, err := c.exchange(request)
	if err != nil {
		return false, err
	}
	var out struct{ Result *bool }
	if err := json.Unmarshal(body, &out); err != nil || out.Result == nil {
		return false, fmt.Errorf("the answer is %s: %w", body, err)
	}
	return *out.Result, nil
}

// exchange sends a whole request and reads the body of the answer.
func (c *conn) exchange(request []byte) ([]byte, error) {
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	length, chunked := -1, false
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if first && !bytes.Contains(line, []byte(" 200 ")) {
			return nil, fmt.Errorf("the answer is %s", line)
		}
		if name, value, found := bytes.Cut(line, []byte(": ")); found && bytes.EqualFold(name, []byte("Content-Length")) {
			if _, err := fmt.Sscan(string(value), &length); err != nil {
				return nil, err
			}
		}
		chunked = chunked || bytes.EqualFold(bytes.TrimSpace(line), []byte("Transfer-Encoding: chunked"))
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	if chunked {
		body, err := io.ReadAll(httputil.NewChunkedReader(c.in))
		if err == nil {
			_, err = c.in.ReadSlice('\n')
		}
		return body, err
	}
	if length < 0 || length > 1<<16 {
		return nil, fmt.Errorf("the answer is of %d bytes", length)
	}
	body := make([]byte, length)
	for at := 0; at < length; {
		n, err := c.in.Read(body[at:])
		if err != nil {
			return nil, err
		}
		at += n
	}
	return body, nil
}
