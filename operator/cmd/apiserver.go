package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

// awaitAPIServer returns once the API server says that it is ready, or that this is not for the operator to know. An operator
// that ended instead would be started again after ever longer times, five minutes in the end, and be that late when the API
// server is back.
func awaitAPIServer(ctx context.Context, cfg *rest.Config, log logr.Logger) error {
	const (
		pace    = time.Second
		patient = 5 * time.Second // for an answer
		told    = 30              // tries between two lines in the log
	)
	asking := rest.CopyConfig(cfg)
	asking.Timeout = patient
	api, err := discovery.NewDiscoveryClientForConfig(asking)
	if err != nil {
		return fmt.Errorf("preparing the client of the API server: %w", err)
	}
	tries := 0
	err = wait.PollUntilContextCancel(ctx, pace, true, func(ctx context.Context) (bool, error) {
		_, err := api.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err == nil || refused(err) {
			return true, nil
		}
		if tries%told == 0 {
			log.Info("waiting for the API server", "address", cfg.Host, "because", err.Error())
		}
		tries++
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the API server at %s: %w", cfg.Host, err)
	}
	return nil
}

// refused says whether an error is an answer about who asks: waiting does not change it.
func refused(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code < http.StatusInternalServerError
}
