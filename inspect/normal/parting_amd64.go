//go:build !purego

package normal

// partingBlocks marks blocks of 64 bytes at b, at least one.
func partingBlocks(b *byte, blocks int, delim byte, out *Parting) {
	partingAVX2(b, blocks, delim, out)
}

//go:noescape
func partingAVX2(b *byte, blocks int, delim byte, out *Parting)
