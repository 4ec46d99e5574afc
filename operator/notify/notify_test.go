package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/notify"
)

var ctx = context.Background()

// letter is what a mail server has accepted.
type letter struct {
	from, to, subject, body string
}

// relay is an SMTP server that keeps what it is sent. It refuses the first messages if it is told to.
type relay struct {
	t        *testing.T
	listener net.Listener
	mu       sync.Mutex
	letters  []letter
	refuse   int
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r
}

func (r *relay) port() int {
	_, port, err := net.SplitHostPort(r.listener.Addr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// serve speaks as much of RFC 5321 as a client needs.
func (r *relay) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	buffer := make([]byte, 0, 4096)
	line := func() (string, bool) {
		for {
			if i := strings.Index(string(buffer), "\r\n"); i >= 0 {
				text := string(buffer[:i])
				buffer = buffer[i+2:]
				return text, true
			}
			chunk := make([]byte, 4096)
			n, err := conn.Read(chunk)
			if err != nil {
				return "", false
			}
			buffer = append(buffer, chunk[:n]...)
		}
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(conn, format+"\r\n", args...) }
	say("220 relay")
	var from, to string
	for {
		command, ok := line()
		if !ok {
			return
		}
		verb, rest, _ := strings.Cut(command, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250 relay")
		case "MAIL":
			from = rest
			say("250 ok")
		case "RCPT":
			to = rest
			say("250 ok")
		case "DATA":
			if r.refused() {
				say("451 busy, try again")
				continue
			}
			say("354 go on")
			var content strings.Builder
			for {
				text, ok := line()
				if !ok {
					return
				}
				if text == "." {
					break
				}
				content.WriteString(strings.TrimPrefix(text, ".") + "\r\n")
			}
			r.keep(from, to, content.String())
			say("250 kept")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (r *relay) refused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse--
	return r.refuse >= 0
}

func (r *relay) keep(from, to, content string) {
	message, err := mail.ReadMessage(strings.NewReader(content))
	if err != nil {
		r.t.Errorf("what came is no mail: %v", err)
		return
	}
	body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil {
		r.t.Errorf("the body: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letters = append(r.letters, letter{from, to, message.Header.Get("Subject"), string(body)})
}

func (r *relay) got() []letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]letter{}, r.letters...)
}

func (r *relay) options() notify.Options {
	return notify.Options{SMTPHost: "127.0.0.1", SMTPPort: r.port(), Security: notify.SecurityNone, From: "atoll@example.com", Domain: "example.com"}
}

var alert = run.Alert{
	Workspace: "fraud", Schedule: "nightly", Run: "nightly-20260101-0000", Owner: "ada", Task: "load", Attempt: 2,
	Reason: v1alpha1.ReasonNotebookFailed, Message: "cell 3 raised KeyError: '<price>'\n" + strings.Repeat("frame\n", 40) + "KeyError: '<price>'",
	Due: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Link: "https://store.example.com/runs/a.ipynb?X-Amz-Signature=1&b=2",
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

func TestMail(t *testing.T) {
	r := newRelay(t)
	if err := notify.NewSender(r.options()).Mail(ctx, "ada@example.com", alert); err != nil {
		t.Fatal(err)
	}
	letters := r.got()
	if len(letters) != 1 {
		t.Fatalf("%d letters came", len(letters))
	}
	l := letters[0]
	contains(t, l.from, "atoll@example.com")
	contains(t, l.to, "ada@example.com")
	contains(t, l.subject, "fraud/nightly", "NotebookFailed")
	contains(t, l.body, "Owner:    ada", "load, attempt 2", "cell 3 raised KeyError: '<price>'", "KeyError: '<price>'", alert.Link, "...")
	if n := strings.Count(l.body, "frame"); n > 12 {
		t.Errorf("%d lines of the traceback are sent", n)
	}
}

func TestMailIsRefused(t *testing.T) {
	r := newRelay(t)
	r.refuse = 1
	sender := notify.NewSender(r.options())
	if err := sender.Mail(ctx, "ada@example.com", alert); err == nil || !strings.Contains(err.Error(), "busy") {
		t.Errorf("what the relay says is lost: %v", err)
	}
	if err := sender.Mail(ctx, "ada@example.com", alert); err != nil || len(r.got()) != 1 {
		t.Errorf("the second attempt: %v", err)
	}
	o := r.options()
	o.MailDomains = []string{"example.com"}
	if err := notify.NewSender(o).Mail(ctx, "ada@elsewhere.com", alert); err == nil || !strings.Contains(err.Error(), "allows the domains example.com") {
		t.Errorf("mail may go anywhere: %v", err)
	}
	o = r.options()
	o.Security = notify.SecurityStartTLS
	if err := notify.NewSender(o).Mail(ctx, "ada@example.com", alert); err == nil {
		t.Error("mail went in the clear although it must not")
	}
	if err := notify.NewSender(notify.Options{}).Mail(ctx, "ada@example.com", alert); err == nil || !strings.Contains(err.Error(), "notifications.smtp.host") {
		t.Errorf("without a relay: %v", err)
	}
	if len(r.got()) != 1 {
		t.Errorf("%d letters came", len(r.got()))
	}
}

func TestWebhook(t *testing.T) {
	var bodies []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
		w.WriteHeader(status)
		_, _ = w.Write([]byte("no_service"))
	}))
	defer server.Close()
	folder := t.TempDir()
	for name, url := range map[string]string{
		"fraud.team": server.URL + "/own\n", "team": server.URL + "/all", "down": "http://127.0.0.1:1/secret", "marketing.other": server.URL + "/other",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(url), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sender := notify.NewSender(notify.Options{WebhookFolder: folder})
	if err := sender.Webhook(ctx, "team", alert); err != nil {
		t.Fatal(err)
	}
	path, body, _ := strings.Cut(bodies[0], " application/json ")
	var message map[string]string
	if err := json.Unmarshal([]byte(body), &message); err != nil || path != "/own" {
		t.Fatalf("%s got %s: %v", path, body, err)
	}
	contains(t, message["text"], "fraud/nightly", "NotebookFailed", "Owner: ada", "KeyError: '&lt;price&gt;'", "a.ipynb?X-Amz-Signature=1&amp;b=2")

	other := alert
	other.Workspace = "marketing"
	if err := sender.Webhook(ctx, "team", other); err != nil || !strings.HasPrefix(bodies[1], "/all ") {
		t.Errorf("a webhook for all: %v", err)
	}
	status = http.StatusNotFound
	for name, want := range map[string]string{"team": "no_service", "other": "fraud.other", "down": "calling webhook down"} {
		if err := sender.Webhook(ctx, name, alert); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q and no secret", name, err, want)
		}
	}
}

func TestDigest(t *testing.T) {
	now := time.Date(2026, 1, 2, 5, 59, 0, 0, time.UTC)
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	schedule := func(name, owner string, digest v1alpha1.Digest) client.Object {
		return &v1alpha1.Schedule{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ws-fraud", Name: name},
			Spec:       v1alpha1.ScheduleSpec{Owner: owner, Notify: v1alpha1.Notify{Digest: digest}},
		}
	}
	ended := func(schedule, name string, phase v1alpha1.RunPhase, ago time.Duration) client.Object {
		at := metav1.NewTime(now.Add(-ago))
		return &v1alpha1.Run{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ws-fraud", Name: name},
			Spec:       v1alpha1.RunSpec{Schedule: schedule},
			Status:     v1alpha1.RunStatus{Phase: phase, Reason: string(phase), Message: "why\nmore", CompletionTime: &at},
		}
	}
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		schedule("nightly", "ada", v1alpha1.DigestDaily), schedule("hourly", "ada", v1alpha1.DigestDaily),
		schedule("quiet", "ada", v1alpha1.DigestNone), schedule("idle", "cleo", v1alpha1.DigestDaily), schedule("other", "bob@else.com", v1alpha1.DigestDaily),
		ended("nightly", "nightly-1", v1alpha1.RunSucceeded, time.Hour), ended("nightly", "nightly-2", v1alpha1.RunFailed, 2*time.Hour),
		ended("nightly", "nightly-0", v1alpha1.RunFailed, 25*time.Hour), ended("hourly", "hourly-1", v1alpha1.RunMissed, time.Hour),
		ended("quiet", "quiet-1", v1alpha1.RunFailed, time.Hour), ended("other", "other-1", v1alpha1.RunSucceeded, time.Hour),
	).Build()
	r := newRelay(t)
	clock := clocktesting.NewFakeClock(now)
	digest := func() *notify.Digest {
		return &notify.Digest{
			Sender: notify.NewSender(r.options()), Cached: cluster, Live: cluster, Client: cluster,
			Namespace: "atoll-directory", At: 6 * time.Hour, Every: time.Hour, Clock: clock,
		}
	}
	look := func() {
		t.Helper()
		if err := digest().Look(ctx); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if n := len(r.got()); n != 0 {
		t.Fatalf("%d letters came before their time", n)
	}
	clock.Step(time.Minute)
	r.refuse = 1
	if err := digest().Look(ctx); err == nil || len(r.got()) != 1 {
		t.Errorf("a letter that was refused: %v, and %d came", err, len(r.got()))
	}
	for range 3 {
		look()
	}
	letters := r.got()
	if len(letters) != 2 {
		t.Fatalf("%d letters came, want one to each owner who had runs", len(letters))
	}
	ada := letters[1]
	contains(t, ada.to, "ada@example.com")
	contains(t, letters[0].to, "bob@else.com")
	contains(t, ada.body, "fraud/nightly: 1 failed, 1 succeeded", "nightly-2: Failed: why", "fraud/hourly: 1 missed")
	for _, secret := range []string{"quiet", "nightly-0", "more"} {
		if strings.Contains(ada.body, secret) {
			t.Errorf("it tells of %s:\n%s", secret, ada.body)
		}
	}
	clock.Step(24 * time.Hour)
	look()
	if n := len(r.got()); n != 2 {
		t.Errorf("nobody had runs on the next day, and %d letters came", n-2)
	}
}
