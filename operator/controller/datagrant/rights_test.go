package datagrant_test

import (
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

func testSignatures(p *platform) {
	p.dataset("sales", "C2")
	spec := func(requestedBy string, approvedBy ...v1alpha1.UserName) *v1alpha1.DataGrant {
		return &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{GenerateName: "s-"}, Spec: v1alpha1.DataGrantSpec{
			Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: "ada"}, Dataset: "sales",
			Actions: []v1alpha1.GrantAction{v1alpha1.ActionRead}, NotBefore: v1alpha1.At(time.Now()),
			NotAfter: v1alpha1.At(time.Now().Add(time.Hour)), Ceiling: "C2", Purpose: "to see who may sign",
			RequestedBy: v1alpha1.UserName(requestedBy), ApprovedBy: approvedBy,
		}}
	}
	for _, tt := range []struct {
		who  string
		dg   *v1alpha1.DataGrant
		want string
	}{
		{"ada", spec("ada"), ""},
		{"ada", spec("bob"), "cannot ask in the name of bob"},
		{"ada", spec("ada", "bob"), "cannot approve in the name of others"},
		{"bob", spec("bob", "carl"), "cannot approve in the name of others"},
		{"terraform", spec("ada", "bob"), ""},
	} {
		err := as(tt.who).Create(ctx, tt.dg, client.DryRunAll)
		if tt.want == "" && err != nil || tt.want != "" && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), tt.want)) {
			p.Errorf("%s for %s, approved by %v: %v, want %q", tt.who, tt.dg.Spec.RequestedBy, tt.dg.Spec.ApprovedBy, err, tt.want)
		}
	}
	dg := spec("ada")
	dg.GenerateName, dg.Name = "", "signed"
	if err := as("ada").Create(ctx, dg); err != nil {
		p.Fatal(err)
	}
	p.until("signed", v1alpha1.GrantPending, v1alpha1.ReasonAwaitingApproval)
	for _, tt := range []struct {
		who    string
		change func(*v1alpha1.DataGrant)
		status bool
		want   string
	}{
		{"bob", func(dg *v1alpha1.DataGrant) { dg.Spec.ApprovedBy = []v1alpha1.UserName{"bob"} }, false, ""},
		{"bob", func(dg *v1alpha1.DataGrant) { dg.Spec.ApprovedBy = []v1alpha1.UserName{"bob", "carl"} }, false, "add your own name only"},
		{"carl", func(dg *v1alpha1.DataGrant) { dg.Spec.ApprovedBy = []v1alpha1.UserName{"bob"} }, false, "add your own name only"},
		{"bob", func(dg *v1alpha1.DataGrant) {
			dg.Spec.Revocation = &v1alpha1.GrantRevocation{By: "carl", Reason: "over"}
		}, false, "cannot revoke in the name of carl"},
		{"terraform", func(dg *v1alpha1.DataGrant) { dg.Status.Phase = v1alpha1.GrantActive }, true, "forbidden"},
		{"", func(dg *v1alpha1.DataGrant) { dg.Status.Phase = v1alpha1.GrantActive }, true, "operator's alone to write"},
	} {
		if err := admin.Get(ctx, client.ObjectKey{Name: "signed"}, dg); err != nil {
			p.Fatal(err)
		}
		tt.change(dg)
		var err error
		if tt.status {
			err = as(tt.who).Status().Update(ctx, dg, &client.SubResourceUpdateOptions{UpdateOptions: client.UpdateOptions{DryRun: []string{metav1.DryRunAll}}})
		} else {
			err = as(tt.who).Update(ctx, dg, client.DryRunAll)
		}
		if tt.want == "" && err != nil || tt.want != "" && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), tt.want)) {
			p.Errorf("%q: %v, want %q", tt.who, err, tt.want)
		}
	}
}

func testBreakGlass(p *platform) {
	p.dataset("secret", "C4")
	p.put("secret/a")
	dg := &v1alpha1.DataGrant{ObjectMeta: metav1.ObjectMeta{Name: "glass"}, Spec: v1alpha1.DataGrantSpec{
		Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: "ada"}, Dataset: "secret",
		Actions: []v1alpha1.GrantAction{v1alpha1.ActionRead}, NotBefore: v1alpha1.At(time.Now().Add(-time.Minute)),
		NotAfter: v1alpha1.At(time.Now().Add(time.Hour)), Ceiling: "C4", Purpose: "payments are down and this tells why",
		Procedure: v1alpha1.ProcedureBreakGlass, RequestedBy: "ada", ApprovedBy: []v1alpha1.UserName{"ada"},
	}}
	if err := as("ada").Create(ctx, dg); err != nil {
		p.Fatal(err)
	}
	got := p.until("glass", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	if !p.reads(p.person("ada"), "secret/a") {
		p.Error("a broken glass opens nothing")
	}
	if !meta.IsStatusConditionTrue(got.Status.Conditions, v1alpha1.ConditionReviewOpen) {
		p.Errorf("no review is open: %+v", got.Status.Conditions)
	}
	got.Spec.ReviewedBy = "ada"
	if err := as("terraform").Update(ctx, got.DeepCopy()); err == nil {
		p.Error("who broke the glass reviewed it")
	}
	got.Spec.ReviewedBy = "bob"
	if err := as("bob").Update(ctx, got); err != nil {
		p.Fatal(err)
	}
	p.eventually("the review is closed", func() error {
		if err := admin.Get(ctx, client.ObjectKey{Name: "glass"}, got); err != nil {
			return err
		}
		if meta.IsStatusConditionTrue(got.Status.Conditions, v1alpha1.ConditionReviewOpen) {
			return fmt.Errorf("it is open")
		}
		return nil
	})
	bob := dg.DeepCopy()
	bob.ObjectMeta = metav1.ObjectMeta{Name: "glass-bob"}
	bob.Spec.Subject.Name, bob.Spec.RequestedBy, bob.Spec.ApprovedBy = "bob", "bob", []v1alpha1.UserName{"bob"}
	if err := as("bob").Create(ctx, bob); !apierrors.IsForbidden(err) {
		p.Errorf("somebody without the right broke the glass: %v", err)
	}
}

// testGhosts seeds access that no grant gives, in every place where the store keeps access, and finds all of it.
func testGhosts(p *platform) {
	p.dataset("sales", "C2")
	p.put("sales/a")
	p.put("sales/x/a")
	p.grant("g", "sales", func(s *v1alpha1.DataGrantSpec) {
		s.Selector = &v1alpha1.GrantSelector{Prefix: "x/"}
	})
	p.until("g", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	ada := p.person("ada")
	if p.reads(ada, "sales/a") {
		p.Fatal("more is read than granted")
	}
	all := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::%s/*"}]}`, p.bucket)
	// The operator's own policy is put right by itself.
	if err := p.store.SetPolicy(ctx, objectstore.Account("ada"), all); err != nil {
		p.Fatal(err)
	}
	if !p.reads(ada, "sales/a") {
		p.Fatal("a policy that was widened does not act")
	}
	p.eventually("the policy is put right", func() error {
		if p.reads(ada, "sales/a") {
			return fmt.Errorf("it still gives more")
		}
		return nil
	})
	if !p.reads(ada, "sales/x/a") {
		p.Error("with what was not granted went what was")
	}
	// So is that of a person's account without any grant.
	if err := p.store.SetPolicy(ctx, objectstore.Account("nobody"), all); err != nil {
		p.Fatal(err)
	}
	p.eventually("the policy of nobody is gone", func() error {
		policies, err := p.store.Policies(ctx, objectstore.Account("nobody"))
		if err != nil || len(policies) > 0 {
			return fmt.Errorf("%d, %w", len(policies), err)
		}
		return nil
	})
	// What others made is found.
	if err := p.store.EnsureUser(ctx, objectstore.Account("ada"), all); err != nil {
		p.Fatal(err)
	}
	if err := p.store.EnsureUser(ctx, "by-hand", all); err != nil {
		p.Fatal(err)
	}
	root := s3.New(s3.Options{
		BaseEndpoint: &p.at.Endpoint, Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("root", "secret of root", ""),
	})
	open := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}]}`, p.bucket)
	if _, err := root.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String(p.bucket), Policy: &open}); err != nil {
		p.Fatal(err)
	}
	ghosts, err := p.store.Ghosts(ctx, nil, []string{p.bucket}, time.Now())
	if err != nil {
		p.Fatal(err)
	}
	found := map[string]bool{}
	for _, g := range ghosts {
		found[g.Account+" "+g.Policy] = true
	}
	for _, want := range []string{objectstore.Account("ada") + " atoll", "by-hand atoll", "bucket/" + p.bucket + " policy"} {
		if !found[want] {
			p.Errorf("%s is not found among %v", want, found)
		}
	}
}
