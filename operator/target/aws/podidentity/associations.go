// Package podidentity gives the pods of a ServiceAccount an IAM role, by the Pod Identity associations of an EKS cluster.
package podidentity

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// ErrBehind says that EKS has an association which its lists do not show yet, or show still.
var ErrBehind = errors.New("EKS does not show yet what it has: it is looked at again")

// Associations of a cluster.
type Associations struct {
	eks     *eks.Client
	cluster string
}

// New returns the associations of a cluster, by its name. It calls nothing yet.
func New(config aws.Config, cluster string) *Associations {
	return &Associations{eks: eks.NewFromConfig(config), cluster: cluster}
}

// Ensure gives pods of the ServiceAccount the role, whatever they had before. The role must be there.
func (a *Associations) Ensure(ctx context.Context, namespace, serviceAccount, roleARN string) error {
	of := fmt.Sprintf("the association of ServiceAccount %s/%s", namespace, serviceAccount)
	id, err := a.find(ctx, namespace, serviceAccount)
	if err != nil {
		return err
	}
	if id == "" {
		_, err := a.eks.CreatePodIdentityAssociation(ctx, &eks.CreatePodIdentityAssociationInput{
			ClusterName: &a.cluster, Namespace: &namespace, ServiceAccount: &serviceAccount, RoleArn: &roleARN,
			Tags: map[string]string{"atoll.dev/part": "grants"},
		})
		var there *types.ResourceInUseException
		if errors.As(err, &there) {
			return fmt.Errorf("making %s: %w", of, ErrBehind)
		}
		if err != nil {
			return fmt.Errorf("making %s: %w", of, err)
		}
		return nil
	}
	have, err := a.eks.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &a.cluster, AssociationId: &id})
	if gone(err) {
		return fmt.Errorf("reading %s: %w", of, ErrBehind)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", of, err)
	}
	if aws.ToString(have.Association.RoleArn) == roleARN {
		return nil
	}
	_, err = a.eks.UpdatePodIdentityAssociation(ctx, &eks.UpdatePodIdentityAssociationInput{
		ClusterName: &a.cluster, AssociationId: &id, RoleArn: &roleARN,
	})
	if err != nil {
		return fmt.Errorf("changing %s: %w", of, err)
	}
	return nil
}

// Remove takes the role from pods of the ServiceAccount, where they have one.
func (a *Associations) Remove(ctx context.Context, namespace, serviceAccount string) error {
	id, err := a.find(ctx, namespace, serviceAccount)
	if err != nil || id == "" {
		return err
	}
	_, err = a.eks.DeletePodIdentityAssociation(ctx, &eks.DeletePodIdentityAssociationInput{ClusterName: &a.cluster, AssociationId: &id})
	if err != nil && !gone(err) {
		return fmt.Errorf("removing the association of ServiceAccount %s/%s: %w", namespace, serviceAccount, err)
	}
	return nil
}

// find is the id of the one association that a ServiceAccount can have; empty where it has none.
func (a *Associations) find(ctx context.Context, namespace, serviceAccount string) (string, error) {
	list, err := a.eks.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{
		ClusterName: &a.cluster, Namespace: &namespace, ServiceAccount: &serviceAccount,
	})
	if err != nil {
		return "", fmt.Errorf("listing the associations of ServiceAccount %s/%s: %w", namespace, serviceAccount, err)
	}
	if len(list.Associations) == 0 {
		return "", nil
	}
	return aws.ToString(list.Associations[0].AssociationId), nil
}

func gone(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}
