// Package version holds the version that all of Atoll's binaries were built as.
package version

// Version is the content of the file VERSION, set when linking. It is also the tag of the
// platform's images unless platform.yaml says otherwise.
var Version = "dev"
