package destination

import (
	"sync/atomic"

	"github.com/sekimori-dlp/sekimori/rules"
)

// Current is a catalogue that is replaced while it is in use, with Store. Safe
// for concurrent use; Lookup needs one to be stored.
type Current struct{ atomic.Pointer[Catalogue] }

// Lookup is Catalogue.Lookup of the one in force.
func (c *Current) Lookup(scheme, host string, port int, method, path string) rules.Destination {
	return c.Load().Lookup(scheme, host, port, method, path)
}
