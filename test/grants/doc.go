// Package grants holds the proof that every evaluator says the same of a grant: the reference of internal/grant, the policy engine
// of versitygw, and an IAM simulator that neither of them knows. It is a module of its own, since the engine is versitygw's code.
package grants
