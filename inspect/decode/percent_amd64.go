//go:build !purego

package decode

// percentBlocks decodes groups of eight percent-encoded bytes at src, until one holds
// something else, and returns how many.
func percentBlocks(dst, src *byte, groups int) int { return percentAVX2(dst, src, groups) }

//go:noescape
func percentAVX2(dst, src *byte, groups int) int
