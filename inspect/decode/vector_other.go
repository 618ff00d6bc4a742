//go:build !amd64 || purego

package decode

const useVectors = false

func pairBlocks(*byte, int, *[2]uint64) { panic("no vectors") }

func markBlocks(b []byte, m marks) { markEach(b, m) }
