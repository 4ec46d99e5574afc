// Package backup knows how homes are saved and put back: where copies are kept, and the jobs that make and read them.
//
// A copy is a restic snapshot in a repository of its own for each home, in the workspace's bucket of the object store.
// The operator saves homes on their schedule; `atoll restore` lists copies and puts files back.
package backup

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Names that the chart of the operator, the operator and the installer agree on.
const (
	// ConfigMap of the operator's namespace says where copies are kept: the keys image, endpoint, bucketPrefix and region.
	ConfigMap = "backup"
	// Secret of a workspace's namespace opens its copies: the keys below.
	Secret = "backup"

	KeyAccessKey = "access-key"
	KeySecretKey = "secret-key"
	KeyPassword  = "password"
)

// Store says where copies are kept and by which image they are made.
type Store struct {
	// Image of the jobs.
	Image string
	// Endpoint of the object store, such as http://objectstore.atoll-data:7070.
	Endpoint string
	// BucketPrefix and the name of a workspace make the bucket that holds its copies. A bucket each, since S3 clients
	// ask whether a bucket exists, which S3 takes for listing it.
	BucketPrefix string
	// Region that S3 clients must name.
	Region string
}

// Load reads the store from the ConfigMap beside the operator.
func Load(ctx context.Context, api kubernetes.Interface, namespace string) (Store, error) {
	config, err := api.CoreV1().ConfigMaps(namespace).Get(ctx, ConfigMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Store{}, fmt.Errorf("this platform backs nothing up: there is no ConfigMap %s/%s; "+
			"set backup.enabled in the values of the component operator and run bootstrap", namespace, ConfigMap)
	}
	if err != nil {
		return Store{}, fmt.Errorf("reading where backups are kept, ConfigMap %s/%s: %w", namespace, ConfigMap, err)
	}
	store := Store{
		Image:        config.Data["image"],
		Endpoint:     config.Data["endpoint"],
		BucketPrefix: config.Data["bucketPrefix"],
		Region:       config.Data["region"],
	}
	return store, store.Validate()
}

// Bucket that holds the copies of a workspace.
func (s Store) Bucket(workspace string) string { return s.BucketPrefix + workspace }

// Validate tells what is missing.
func (s Store) Validate() error {
	for name, value := range map[string]string{"image": s.Image, "endpoint": s.Endpoint, "bucketPrefix": s.BucketPrefix, "region": s.Region} {
		if value == "" {
			return fmt.Errorf("where backups are kept is not complete: %s is empty; set it in the values of the operator", name)
		}
	}
	return nil
}

// Password is what encrypts the copies of one workspace, derived from the platform's key. It is the same again for a
// workspace that is made anew, which so finds its copies.
func Password(key []byte, workspace string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("backup of workspace " + workspace)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}
