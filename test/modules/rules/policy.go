package rules

import (
	"encoding/json"
	"fmt"
)

// statement is one statement of a policy.
type statement struct {
	Effect    string
	Action    list
	NotAction list
	Resource  list
	Principal any
	Condition map[string]map[string]any
}

// list is one text or several.
type list []string

// UnmarshalJSON reads either.
func (l *list) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = list{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(data, &many)
	*l = many
	return err
}

func statements(r Resource, attribute string) ([]statement, error) {
	text := r.text(attribute)
	if text == "" {
		return nil, fmt.Errorf("%s is not known in the plan, so that nobody can review it", attribute)
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return nil, fmt.Errorf("%s is no policy: %w", attribute, err)
	}
	return policy.Statement, nil
}
