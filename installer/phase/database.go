package phase

import "github.com/atoll-platform/atoll/installer/component"

// databaseRoles are those of the platform's own database, as its chart has them; none where the platform does without it
// and uses a managed one, whose passwords only its administrators know.
func (s *State) databaseRoles() []string {
	database := component.Component{Name: "postgresql"}
	if database.Disabled(s.Platform.Spec) != "" {
		return nil
	}
	return []string{"ledger-owner", "ledger", "airflow"}
}

func databaseSecret(role string) string { return "postgresql-" + role }
