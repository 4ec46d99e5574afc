// Package charts holds the charts of every component, so that the installer works without a chart repository.
package charts

import "embed"

// FS has the library chart in lib and the other charts in <subcluster>/<component>. The charts name lib as a
// dependency that is not vendored: whoever loads one puts lib beside it.
//
//go:embed all:lib all:directory all:job all:application all:data all:system
var FS embed.FS
