package sts

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/atoll-platform/atoll/test/fake/iam"
)

// agentPath is where the agent of a node answers.
const agentPath = "/v1/credentials"

// Pod is what EKS tells a pod whose ServiceAccount has a role: where to ask, and with which token.
func (s *Server) Pod(token, roleARN, namespace, serviceAccount, name string) (endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods[token] = iam.Principal{RoleARN: roleARN, Tags: map[string]string{
		"eks-cluster-name": "reef", "kubernetes-namespace": namespace, "kubernetes-service-account": serviceAccount, "kubernetes-pod-name": name,
	}}
	return s.Endpoint + agentPath
}

// agent hands the role of a pod to it.
func (s *Server) agent(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	who, known := s.pods[r.Header.Get("Authorization")]
	s.mu.Unlock()
	if !known {
		http.Error(w, "[0123]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client",
			http.StatusBadRequest)
		return
	}
	session := s.begin(who, "eks-reef-"+who.Tags["kubernetes-pod-name"], 6*time.Hour)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"AccessKeyId": session.ID, "SecretAccessKey": session.Secret, "Token": session.Token, "AccountId": iam.Account,
		"Expiration": session.End.Format(time.RFC3339),
	})
}
