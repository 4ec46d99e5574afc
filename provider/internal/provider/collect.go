package provider

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what is alive before it is collected. A provider lives for one run and holds a
// few megabytes, and most of what a refresh costs it is short-lived: at Go's default it spends a third more time.
const gcPercent = 400

// CollectLess has the process collect garbage as a provider should, unless GOGC says how.
func CollectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
