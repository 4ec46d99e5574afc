package policy

import (
	"encoding/json"
	"slices"
	"strings"
)

const (
	// opening and closing of a document without statements.
	opening = `{"Version":"2012-10-17","Statement":[`
	closing = `]}`
)

// Language writes documents. Partition is that of AWS, such as aws or aws-cn.
type Language struct{ Partition string }

// shape is a statement but for its list of places.
type shape struct{ before, after string }

// shape of the statement that the piece goes into, and its own word there. Nothing in a piece needs an escape.
func (l Language) shape(p Piece) (s shape, word string) {
	actions := `"` + strings.ReplaceAll(p.Actions, ",", `","`) + `"`
	dates := `"DateGreaterThanEquals":{"aws:CurrentTime":"` + p.From + `"},"DateLessThan":{"aws:CurrentTime":"` + p.Until + `"}`
	bucket := "arn:" + l.Partition + ":s3:::" + p.Bucket
	head := `{"Effect":"Allow","Action":[` + actions + `],"Resource":[`
	switch {
	case p.Actions != listing:
		return shape{head, `],"Condition":{` + dates + `}}`}, bucket + "/" + p.Prefix + "*"
	case p.Prefix == "":
		return shape{head, `],"Condition":{` + dates + `}}`}, bucket
	}
	return shape{head + `"` + bucket + `"],"Condition":{` + dates + `,"StringLike":{"s3:prefix":[`, `]}}}`}, p.Prefix + "*"
}

// Document writes the pieces as the text of a policy; empty where there is none. The same pieces give the same text.
func (l Language) Document(pieces []Piece) string {
	if len(pieces) == 0 {
		return ""
	}
	pieces = slices.Clone(pieces)
	slices.SortFunc(pieces, compare)
	words := map[shape][]string{}
	var order []shape
	for _, p := range slices.Compact(pieces) {
		s, word := l.shape(p)
		if words[s] == nil {
			order = append(order, s)
		}
		words[s] = append(words[s], `"`+word+`"`)
	}
	statements := make([]string, 0, len(order))
	for _, s := range order {
		statements = append(statements, s.before+strings.Join(words[s], ",")+s.after)
	}
	return opening + strings.Join(statements, ",") + closing
}

// statement as Document writes it.
type statement struct {
	Action    []string
	Resource  []string
	Condition struct {
		From struct {
			Time string `json:"aws:CurrentTime"`
		} `json:"DateGreaterThanEquals"`
		Until struct {
			Time string `json:"aws:CurrentTime"`
		} `json:"DateLessThan"`
		Like struct {
			Prefix []string `json:"s3:prefix"`
		} `json:"StringLike"`
	}
}

// Pieces reads a document back that Document wrote; false where it says anything else, and is somebody else's. An empty document
// has none.
func (l Language) Pieces(document string) ([]Piece, bool) {
	if document == "" {
		return nil, true
	}
	var doc struct{ Statement []statement }
	if json.Unmarshal([]byte(document), &doc) != nil {
		return nil, false
	}
	var pieces []Piece
	for _, s := range doc.Statement {
		p := Piece{From: s.Condition.From.Time, Until: s.Condition.Until.Time, Actions: strings.Join(s.Action, ",")}
		for _, resource := range s.Resource {
			at := strings.TrimPrefix(resource, "arn:"+l.Partition+":s3:::")
			bucket, key, _ := strings.Cut(at, "/")
			p.Bucket, p.Prefix = bucket, strings.TrimSuffix(key, "*")
			for _, prefix := range s.Condition.Like.Prefix {
				p.Prefix = strings.TrimSuffix(prefix, "*")
				pieces = append(pieces, p)
			}
			if len(s.Condition.Like.Prefix) == 0 {
				pieces = append(pieces, p)
			}
		}
	}
	return pieces, l.Document(pieces) == document
}
