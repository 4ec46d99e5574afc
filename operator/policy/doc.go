// Package policy is the decision point that Trino asks about every query: it speaks the protocol that Trino's OPA plugin
// speaks, and decides by the atoms of package grant.
//
// # Denied by default
//
// An operation that is not known, a request that cannot be read, a snapshot that is missing, damaged or has not been
// confirmed for too long: all of them deny.
//
// # On its own
//
// The operator pushes what it compiled; the snapshot is kept on disk before a push is acknowledged. So the decision point
// starts and decides, and ends every grant on time, while neither the operator nor the API server runs.
package policy
