package phase

import "fmt"

// SignInHints tell how to read the passwords of people of the platform's own Keycloak.
func SignInHints(s *State) []string {
	identity := s.Platform.Spec.Identity
	if identity.Issuer != "" {
		return nil
	}
	kubectl := "kubectl"
	if s.Cluster.Context != "" {
		kubectl += " --context " + s.Cluster.Context
	}
	read := func(name, key string) string {
		return fmt.Sprintf(`%s -n %s get secret %s -o go-template='{{index .data %q | base64decode}}'`, kubectl, systemNamespace, name, key)
	}
	if len(identity.People) == 0 {
		return []string{"as Keycloak's administrator, atoll-admin: " + read(adminSecret, "password")}
	}
	person := identity.People[0].Name
	return []string{"the password of " + person + ": " + read(peopleSecret, person)}
}
