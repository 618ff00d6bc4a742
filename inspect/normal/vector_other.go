//go:build !amd64 || purego

package normal

const useVectors = false

func plainBlocks(*byte, int) int { panic("no vectors") }

func signBlocks(*byte, int) Signs { panic("no vectors") }

func sextetBlocks(*byte, int) int { panic("no vectors") }

func structureBlocks(*byte, int, *Structure) { panic("no vectors") }
