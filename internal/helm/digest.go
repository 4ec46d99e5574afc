package helm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// digestLength keeps a digest within the 63 characters of a label's value.
const digestLength = 40

// Digest identifies all that a release is made from: chart, values and the cluster's version,
// which charts may look at. Equal digests mean that applying again would render the same.
func (c *Client) Digest(req Request) (string, error) {
	return digest(req, c.KubernetesVersion())
}

func digest(req Request, kubernetes string) (string, error) {
	values, err := json.Marshal(req.Values)
	if err != nil {
		return "", fmt.Errorf("hashing the values of release %s: %w", req.Name, err)
	}
	h := sha256.New()
	for _, part := range []string{req.Namespace, req.Name, req.Chart.digest(), string(values), kubernetes} {
		_, _ = io.WriteString(h, part)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:digestLength], nil
}
