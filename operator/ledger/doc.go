// Package ledger keeps what was granted, to whom and why, such that it can be asked for any time in the past and cannot be
// changed unnoticed.
//
// It is a chain of rows in PostgreSQL. A row says what became of one thing: a dataset, a grant, a workspace, a person's groups. Its
// hash covers all that it says and the hash of the row before it. The one who writes rows may add and read them, and nothing
// else; the database itself refuses a row that does not continue the chain. Whoever may change the database all the same, its
// administrator, is found out by the hashes, and by the copy of the rows that is kept in the object store.
//
// Rows are facts, not events: the state at a time is the last row about each thing up to then.
package ledger
