package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
)

const (
	// record is the ConfigMap that says who has had today's mail.
	record     = "atoll-digest"
	recordDay  = "day"
	recordSent = "sent"
	// day is how far a digest looks back.
	day = 24 * time.Hour
)

// Digest sends each owner of schedules a mail a day. It runs where the operator leads.
type Digest struct {
	Sender *Sender
	// Cached has the schedules and runs, Live and Client the record.
	Cached, Live client.Reader
	Client       client.Client
	// Namespace of the record.
	Namespace string
	// At is the hour and minute of the day in UTC.
	At    time.Duration
	Every time.Duration
	Clock clock.PassiveClock
}

// Start looks at the clock until the context ends.
func (d *Digest) Start(ctx context.Context) error {
	ticker := time.NewTicker(d.Every)
	defer ticker.Stop()
	for {
		if err := d.Look(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "sending the daily mail; it is tried again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Look sends what is to be sent today and has not been.
func (d *Digest) Look(ctx context.Context) error {
	now := d.Clock.Now().UTC()
	today := now.Truncate(day)
	if d.Sender.opts.SMTPHost == "" || now.Before(today.Add(d.At)) {
		return nil
	}
	sent, err := d.read(ctx, today)
	if err != nil {
		return err
	}
	mails, err := d.mails(ctx, now)
	if err != nil {
		return err
	}
	var failed []error
	for _, owner := range slices.Sorted(maps.Keys(mails)) {
		slug := person.Slug(owner)
		address := d.Sender.addressOf(owner)
		if address == "" || slices.Contains(sent.to, slug) {
			continue
		}
		if err := d.Sender.send(ctx, address, "[atoll] Your runs of "+now.Format(time.DateOnly), mails[owner]); err != nil {
			failed = append(failed, err)
			continue
		}
		sent.to = append(sent.to, slug)
		if err := d.write(ctx, sent); err != nil {
			return errors.Join(append(failed, err)...)
		}
	}
	return errors.Join(failed...)
}

// mails are the texts by owner, of those who had runs.
func (d *Digest) mails(ctx context.Context, now time.Time) (map[string]string, error) {
	schedules, runs := &v1alpha1.ScheduleList{}, &v1alpha1.RunList{}
	for _, list := range []client.ObjectList{schedules, runs} {
		if err := d.Cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing schedules and runs for the daily mail: %w", err)
		}
	}
	ended := map[client.ObjectKey][]*v1alpha1.Run{}
	for i := range runs.Items {
		r := &runs.Items[i]
		if r.Status.CompletionTime != nil && now.Sub(r.Status.CompletionTime.Time) < day {
			key := client.ObjectKey{Namespace: r.Namespace, Name: r.Spec.Schedule}
			ended[key] = append(ended[key], r)
		}
	}
	parts := map[string][]string{}
	for i := range schedules.Items {
		s := &schedules.Items[i]
		if of := ended[client.ObjectKeyFromObject(s)]; s.Spec.Notify.Digest != v1alpha1.DigestNone && len(of) > 0 {
			parts[s.Spec.Owner] = append(parts[s.Spec.Owner], section(s, of))
		}
	}
	out := map[string]string{}
	for owner, sections := range parts {
		slices.Sort(sections)
		out[owner] = "Your runs of the last day:\n\n" + strings.Join(sections, "\n")
	}
	return out, nil
}

// section tells of one schedule: how many runs ended in which way, and of those that did not succeed why.
func section(s *v1alpha1.Schedule, runs []*v1alpha1.Run) string {
	slices.SortFunc(runs, func(a, b *v1alpha1.Run) int { return strings.Compare(a.Name, b.Name) })
	counts := map[string]int{}
	var troubles []string
	for _, r := range runs {
		counts[strings.ToLower(string(r.Status.Phase))]++
		if r.Status.Phase == v1alpha1.RunSucceeded {
			continue
		}
		first, _, _ := strings.Cut(r.Status.Message, "\n")
		troubles = append(troubles, fmt.Sprintf("  %s: %s: %s\n", r.Name, r.Status.Reason, first))
	}
	var summary []string
	for _, phase := range slices.Sorted(maps.Keys(counts)) {
		summary = append(summary, fmt.Sprintf("%d %s", counts[phase], phase))
	}
	workspace := strings.TrimPrefix(s.Namespace, v1alpha1.WorkspaceNamespacePrefix)
	return fmt.Sprintf("%s/%s: %s\n%s", workspace, s.Name, strings.Join(summary, ", "), strings.Join(troubles, ""))
}

// ledger is the record of a day.
type ledger struct {
	day string
	to  []string
}

func (d *Digest) read(ctx context.Context, today time.Time) (ledger, error) {
	l := ledger{day: today.Format(time.DateOnly)}
	cm := &corev1.ConfigMap{}
	err := d.Live.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: record}, cm)
	if apierrors.IsNotFound(err) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("reading who has had the daily mail: %w", err)
	}
	if cm.Data[recordDay] == l.day {
		l.to = strings.Fields(cm.Data[recordSent])
	}
	return l, nil
}

func (d *Digest) write(ctx context.Context, l ledger) error {
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: record},
		Data:       map[string]string{recordDay: l.day, recordSent: strings.Join(l.to, " ")},
	}
	err := d.Client.Update(ctx, cm)
	if apierrors.IsNotFound(err) {
		err = d.Client.Create(ctx, cm)
	}
	if err != nil {
		return fmt.Errorf("noting who has had the daily mail: %w", err)
	}
	return nil
}
