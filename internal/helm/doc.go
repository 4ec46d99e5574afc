// Package helm installs, upgrades, renders and removes releases. It is the only package that
// imports Helm, and no Helm type leaves it: moving to another version of Helm ends here.
//
// What it holds to: every action has a configuration and a chart of its own, since Helm changes
// both; actions never wait for readiness and are never atomic, so that a failure leaves its
// evidence; values are given whole each time and never reused from the last revision.
package helm
