package sts

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// skew is how far the clock of who signs may be off.
const skew = 5 * time.Minute

var authorizationForm = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/([0-9]{8})/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}$`)

// signed is whose session signed a request, and what it asks for.
func (s *Server) signed(r *http.Request) (*Session, url.Values, *failure) {
	header := r.Header.Get("Authorization")
	part := authorizationForm.FindStringSubmatch(header)
	if part == nil {
		return nil, nil, refuse(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	session := s.Session(part[1])
	if session == nil || r.Header.Get("X-Amz-Security-Token") != session.Token {
		return nil, nil, refuse(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
	}
	if !time.Now().Before(session.End) {
		return nil, nil, refuse(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Until(at).Abs() > skew {
		return nil, nil, refuse(http.StatusForbidden, "SignatureDoesNotMatch", "Signature expired: %s", r.Header.Get("X-Amz-Date"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, refuse(http.StatusBadRequest, "MalformedInput", "%s", err)
	}
	wrong := refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	if part[3] != s.opts.Region || part[4] != "sts" {
		return nil, nil, wrong
	}
	again := r.Clone(r.Context())
	again.Header, again.ContentLength, again.URL.Host = http.Header{}, 0, r.Host
	for name := range strings.SplitSeq(part[5], ";") {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = int64(len(body))
		default:
			again.Header.Set(name, r.Header.Get(name))
		}
	}
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: session.ID, SecretAccessKey: session.Secret, SessionToken: session.Token}
	if err := v4.NewSigner().SignHTTP(r.Context(), keys, again, hex.EncodeToString(sum[:]), "sts", part[3], at); err != nil {
		return nil, nil, wrong
	}
	flat := strings.NewReplacer(", ", ",")
	if subtle.ConstantTimeCompare([]byte(flat.Replace(again.Header.Get("Authorization"))), []byte(flat.Replace(header))) != 1 {
		return nil, nil, wrong
	}
	in, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, nil, refuse(http.StatusBadRequest, "MalformedInput", "%s", err)
	}
	return session, in, nil
}
