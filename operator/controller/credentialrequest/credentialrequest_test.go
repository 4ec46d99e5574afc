package credentialrequest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/sealed"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// request is one by somebody for ada, with a key that opens its answer.
func request(t *testing.T, by string, change ...func(*v1alpha1.CredentialRequest)) (*v1alpha1.CredentialRequest, *sealed.Key) {
	t.Helper()
	key, err := sealed.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	r := &v1alpha1.CredentialRequest{ObjectMeta: metav1.ObjectMeta{GenerateName: "r-"}, Spec: v1alpha1.CredentialRequestSpec{
		Person: "ada", ExpirationSeconds: 3600, PublicKey: key.Public(), RequestedBy: by,
	}}
	for _, c := range change {
		c(r)
	}
	return r, key
}

func of(dataset string) func(*v1alpha1.CredentialRequest) {
	return func(r *v1alpha1.CredentialRequest) { r.Spec.Dataset = dataset }
}

func lasting(seconds int32) func(*v1alpha1.CredentialRequest) {
	return func(r *v1alpha1.CredentialRequest) { r.Spec.ExpirationSeconds = seconds }
}

// answered waits for the answer to a request as it is.
func (p *platform) answered(r *v1alpha1.CredentialRequest) {
	p.Helper()
	p.eventually("an answer", func() error {
		if err := admin.Get(p.Context(), client.ObjectKeyFromObject(r), r); err != nil {
			p.Fatal(err)
		}
		if r.Status.ObservedGeneration < r.Generation {
			return fmt.Errorf("it says %v", r.Status.Conditions)
		}
		return nil
	})
}

// asked puts a request as its requester.
func (p *platform) asked(change ...func(*v1alpha1.CredentialRequest)) (*v1alpha1.CredentialRequest, string) {
	p.Helper()
	r, key := request(p.T, "ada", change...)
	if err := as(r.Spec.RequestedBy).Create(p.Context(), r); err != nil {
		p.Fatal(err)
	}
	p.answered(r)
	if r.Status.SealedSecretAccessKey == "" {
		return r, ""
	}
	secret, err := key.Open(string(r.UID), r.Status.AccessKeyID, r.Status.SealedSecretAccessKey)
	if err != nil {
		p.Fatal(err)
	}
	return r, secret
}

func (p *platform) given(change ...func(*v1alpha1.CredentialRequest)) (*v1alpha1.CredentialRequest, string) {
	p.Helper()
	r, secret := p.asked(change...)
	if secret == "" {
		p.Fatalf("nothing was given: %s", reason(r))
	}
	return r, secret
}

// renew asks for another while, and waits for the answer.
func (p *platform) renew(r *v1alpha1.CredentialRequest) {
	p.Helper()
	before := r.DeepCopy()
	r.Spec.Renewals++
	if err := as("ada").Patch(p.Context(), r, client.MergeFrom(before)); err != nil {
		p.Fatal(err)
	}
	p.answered(r)
}

func (p *platform) giveBack(r *v1alpha1.CredentialRequest) {
	p.Helper()
	if err := as("ada").Delete(p.Context(), r); err != nil {
		p.Fatal(err)
	}
	p.gone(r.DeepCopy())
}

func (p *platform) live() []string {
	p.Helper()
	ids, err := p.store.KeyIDs(p.Context(), objectstore.Account("ada"))
	if err != nil {
		p.Fatal(err)
	}
	return ids
}

func reason(r *v1alpha1.CredentialRequest) string {
	for _, c := range r.Status.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
		}
	}
	return "nothing"
}

func TestCredentials(t *testing.T) {
	p := newPlatform(t, true)
	for _, key := range []string{"sales/a", "salaries/a"} {
		p.put(key)
	}
	for _, name := range []string{"sales", "salaries"} {
		p.create(dataset(name))
	}
	for _, part := range []struct {
		name string
		try  func(*platform)
	}{
		{"a key opens what is granted, and is gone when it is given back", testLife},
		{"a key of two requests goes with the last", testTwo},
		{"a key that a pod has stays", testPod},
		{"credentials end with the grant", testEnd},
		{"credentials are renewed", testRenewal},
		{"a request whose time is over is removed", testOver},
		{"a request is refused, and says why", testRefusals},
		{"a revocation ends it", testRevocation},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			p.T = t
			part.try(p)
		}) {
			break
		}
	}
	p.T = t
}

func testLife(p *platform) {
	p.granted("life", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	r, secret := p.given(of("sales"))
	id := r.Status.AccessKeyID
	until, err := r.Status.Expiration.Time()
	if most := r.CreationTimestamp.Add(time.Hour + time.Minute); err != nil || until.After(most) || until.Before(r.CreationTimestamp.Add(50*time.Minute)) {
		p.Errorf("it lasts until %s, %v", until, err)
	}
	if r.Status.Endpoint != public || r.Status.Region != "us-east-1" || strings.Contains(fmt.Sprint(r), secret) {
		p.Errorf("the answer is %+v", r.Status)
	}
	if !p.reads(id, secret, "sales/a") || p.reads(id, secret, "salaries/a") {
		p.Error("the key does not open what is granted, and that alone")
	}
	p.giveBack(r)
	if live := p.live(); len(live) > 0 || p.reads(id, secret, "sales/a") {
		p.Errorf("after it was given back the account has %v", live)
	}
}

func testTwo(p *platform) {
	p.granted("two", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	first, secret := p.given()
	second, _ := p.given()
	if first.Status.AccessKeyID != second.Status.AccessKeyID {
		p.Fatalf("%s and %s", first.Status.AccessKeyID, second.Status.AccessKeyID)
	}
	p.giveBack(second)
	if !p.reads(first.Status.AccessKeyID, secret, "sales/a") {
		p.Error("a key was taken from another request")
	}
	p.giveBack(first)
	if live := p.live(); len(live) > 0 {
		p.Errorf("the account has %v", live)
	}
}

func testPod(p *platform) {
	p.granted("pod", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	r, _ := p.given()
	key, err := p.keys.Current(p.Context(), objectstore.Account("ada"))
	if err != nil || key.ID != r.Status.AccessKeyID {
		p.Fatalf("the pod got %s, %v", key.ID, err)
	}
	p.giveBack(r)
	if !p.reads(key.ID, key.Secret, "sales/a") {
		p.Error("a key was taken from a pod")
	}
	if err := p.store.RemoveKey(p.Context(), objectstore.Account("ada"), key.ID); err != nil {
		p.Fatal(err)
	}
}

func testEnd(p *platform) {
	end := time.Now().Add(20 * time.Minute)
	p.granted("short", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), end)
	p.granted("long", "salaries", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), end.Add(24*time.Hour))
	for name, want := range map[string]bool{"sales": true, "": true, "salaries": false} {
		r, _ := p.given(of(name))
		if got := r.Status.Expiration == v1alpha1.At(end); got != want || r.Status.Expiration > v1alpha1.At(time.Now().Add(time.Hour)) {
			p.Errorf("of %q they end at %s, and a grant at %s", name, r.Status.Expiration, v1alpha1.At(end))
		}
		p.giveBack(r)
	}
}

func testRenewal(p *platform) {
	p.granted("renewed", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	r, _ := p.given(lasting(120))
	before := *r.DeepCopy()
	// Of whole seconds, so that it is later at all.
	for v1alpha1.At(time.Now()) <= v1alpha1.At(before.CreationTimestamp.Add(time.Second)) {
		time.Sleep(50 * time.Millisecond)
	}
	p.renew(r)
	if r.Status.Expiration <= before.Status.Expiration || r.Status.AccessKeyID != before.Status.AccessKeyID ||
		r.Status.SealedSecretAccessKey != before.Status.SealedSecretAccessKey {
		p.Errorf("it was %+v and is %+v", before.Status, r.Status)
	}
	p.giveBack(r)
}

func testOver(p *platform) {
	p.granted("over", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	r, secret := p.given(lasting(60))
	p.clock.by.Store(int64(time.Minute))
	defer p.clock.by.Store(0)
	// Something has the operator look again, as its own timer would.
	before := r.DeepCopy()
	r.Annotations = map[string]string{"looked": "at"}
	if err := admin.Patch(p.Context(), r, client.MergeFrom(before)); err != nil {
		p.Fatal(err)
	}
	p.gone(r.DeepCopy())
	if live := p.live(); len(live) > 0 || p.reads(r.Status.AccessKeyID, secret, "sales/a") {
		p.Errorf("after its time the account has %v", live)
	}
}

func testRevocation(p *platform) {
	dg := p.granted("revoked", "sales", v1alpha1.ReasonActive, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	r, secret := p.given(of("sales"))
	before := dg.DeepCopy()
	dg.Spec.Revocation = &v1alpha1.GrantRevocation{By: "olga", Reason: "the key was stolen"}
	if err := admin.Patch(p.Context(), dg, client.MergeFrom(before)); err != nil {
		p.Fatal(err)
	}
	p.eventually("the key opens nothing", func() error {
		if p.reads(r.Status.AccessKeyID, secret, "sales/a") {
			return errors.New("it does")
		}
		return nil
	})
	p.renew(r)
	if !strings.Contains(reason(r), "False Revoked: dataset sales is granted to ada by revoked, which was revoked") {
		p.Errorf("a renewal says %s", reason(r))
	}
	p.giveBack(r)
	if live := p.live(); slices.Contains(live, r.Status.AccessKeyID) {
		p.Errorf("the account has %v", live)
	}
}
