// Package grant is the model of data grants: what a grant means, who may see what at a time, and whether a grant may be given.
//
// It is pure. It knows neither Kubernetes nor AWS nor Trino, reads no clock and no file: times are arguments. Every target
// compiles atoms into its own words and imports its own words back into atoms, so that what is live can be compared with
// what was granted by meaning, not by text.
//
// # The normal form
//
// A grant is a set of atoms. An atom lets one subject do one action to one part of the data inside one half-open window:
// at From there is access, at Until there is none. Grants only add: what somebody may do is the union of the atoms that
// reach them, and no atom takes anything away.
//
// # Denied by default
//
// Whatever cannot be read, resolved or compared gives no access.
package grant
