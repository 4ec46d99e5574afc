// Package notify tells people of runs: at once of one that failed, by a Slack-compatible webhook or by mail, and once a
// day of all their runs, by mail.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/atoll-platform/atoll/operator/controller/run"
)

// patience bounds one attempt to send.
const patience = 15 * time.Second

// Security says how mail is protected on its way.
type Security string

// The ways.
const (
	// SecurityStartTLS insists on encryption, by STARTTLS.
	SecurityStartTLS Security = "StartTLS"
	// SecurityTLS insists on encryption from the first byte.
	SecurityTLS Security = "TLS"
	// SecurityNone sends in the clear, to a relay on the same network.
	SecurityNone Security = "None"
)

// Options say how to reach people. Secrets are files, which Kubernetes keeps current.
type Options struct {
	// WebhookFolder has a file for each webhook, with its URL.
	WebhookFolder string
	// SMTPHost and SMTPPort are those of the mail relay; without a host no mail is sent.
	SMTPHost string
	SMTPPort int
	Security Security
	// SMTPFolder may have the files username and password.
	SMTPFolder string
	// From is the sender's address.
	From string
	// Domain makes an address of a user name that is none; without one such a person gets no daily mail.
	Domain string
	// MailDomains are those that mail may be sent to; all when empty.
	MailDomains []string
}

// Sender sends notifications.
type Sender struct {
	opts   Options
	client *http.Client
}

// NewSender returns a sender. It makes no connection.
func NewSender(opts Options) *Sender {
	return &Sender{opts: opts, client: &http.Client{Timeout: patience}}
}

// Webhook sends an alert to the workspace's webhook of the name, or to the one of the name that all may use.
func (s *Sender) Webhook(ctx context.Context, name string, a run.Alert) error {
	target, err := s.webhook(a.Workspace, name)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"text": chat(a)})
	if err != nil {
		return fmt.Errorf("encoding the message for webhook %s: %w", name, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the URL of webhook %s is none", name)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		// The URL is a secret: of the error only its cause is told.
		var problem *url.Error
		if errors.As(err, &problem) {
			err = problem.Err
		}
		return fmt.Errorf("calling webhook %s: %w", name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, 256))
		return fmt.Errorf("webhook %s answered %s: %s", name, resp.Status, answer)
	}
	return nil
}

func (s *Sender) webhook(workspace, name string) (string, error) {
	for _, file := range []string{workspace + "." + name, name} {
		data, err := os.ReadFile(filepath.Join(s.opts.WebhookFolder, filepath.Base(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("reading the URL of webhook %s: %w", name, err)
		}
		return strings.TrimSpace(string(data)), nil
	}
	return "", fmt.Errorf("there is no webhook %s: put its URL into the Secret of notifications in the operator's namespace, under the key %s.%s",
		name, workspace, name)
}

// Mail sends an alert to an address.
func (s *Sender) Mail(ctx context.Context, address string, a run.Alert) error {
	return s.send(ctx, address, subject(a), text(a))
}

func (s *Sender) send(ctx context.Context, address, subject, body string) error {
	if s.opts.SMTPHost == "" {
		return errors.New("no mail can be sent: set notifications.smtp.host in the values of the operator's chart")
	}
	if err := s.mayReach(address); err != nil {
		return err
	}
	message := mail.NewMsg()
	if err := message.From(s.opts.From); err != nil {
		return fmt.Errorf("the sender's address %q: %w", s.opts.From, err)
	}
	if err := message.To(address); err != nil {
		return fmt.Errorf("the address %q: %w", address, err)
	}
	message.Subject(subject)
	message.SetDate()
	message.SetMessageID()
	message.SetBodyString(mail.TypeTextPlain, body)
	client, err := s.smtp()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return fmt.Errorf("sending mail to %s by %s: %w", address, s.opts.SMTPHost, err)
	}
	return nil
}

func (s *Sender) mayReach(address string) error {
	if len(s.opts.MailDomains) == 0 {
		return nil
	}
	_, domain, _ := strings.Cut(address, "@")
	for _, allowed := range s.opts.MailDomains {
		if strings.EqualFold(domain, allowed) {
			return nil
		}
	}
	return fmt.Errorf("no mail may be sent to %s: the platform allows the domains %s", address, strings.Join(s.opts.MailDomains, ", "))
}

func (s *Sender) smtp() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(s.opts.SMTPPort), mail.WithTimeout(patience)}
	switch s.opts.Security {
	case SecurityNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case SecurityTLS:
		options = append(options, mail.WithSSL())
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	username, password := s.secret("username"), s.secret("password")
	if username != "" {
		method := mail.SMTPAuthAutoDiscover
		if s.opts.Security == SecurityNone {
			method = mail.SMTPAuthPlainNoEnc
		}
		options = append(options, mail.WithSMTPAuth(method), mail.WithUsername(username), mail.WithPassword(password))
	}
	client, err := mail.NewClient(s.opts.SMTPHost, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing mail by %s: %w", s.opts.SMTPHost, err)
	}
	return client, nil
}

func (s *Sender) secret(name string) string {
	data, err := os.ReadFile(filepath.Join(s.opts.SMTPFolder, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// addressOf is a person's address, or nothing where it is not known.
func (s *Sender) addressOf(user string) string {
	switch {
	case strings.Contains(user, "@"):
		return user
	case s.opts.Domain != "":
		return user + "@" + s.opts.Domain
	}
	return ""
}
