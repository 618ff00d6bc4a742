//go:build race

package match

// The race detector makes sync.Pool forget at random.
func init() { poolsForget = true }
