//go:build !purego

package normal

import "golang.org/x/sys/cpu"

// useVectors may be switched off in tests.
var useVectors = cpu.X86.HasAVX2

// plainBlocks returns the offset in blocks of vectorSize bytes at b, behind which
// two more are, of the first character that may not be plain, or where they end.
func plainBlocks(b *byte, blocks int) int { return plainAVX2(b, blocks) }

//go:noescape
func plainAVX2(b *byte, blocks int) int

// signBlocks returns the signs in blocks of vectorSize bytes at b, at least one.
func signBlocks(b *byte, blocks int) Signs { return Signs(signsAVX2(b, blocks, &signTables)) }

//go:noescape
func signsAVX2(b *byte, blocks int, t *[4][16]byte) uint16

// sextetBlocks returns how many bytes of base64 b begins with, of so many blocks
// of vectorSize bytes, at least one.
func sextetBlocks(b *byte, blocks int) int { return sextetsAVX2(b, blocks) }

//go:noescape
func sextetsAVX2(b *byte, blocks int) int

// structureBlocks marks blocks of 64 bytes at b, at least one.
func structureBlocks(b *byte, blocks int, out *Structure) { structureAVX2(b, blocks, out) }

//go:noescape
func structureAVX2(b *byte, blocks int, out *Structure)
