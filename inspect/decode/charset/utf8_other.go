//go:build purego || !(amd64 || arm64)

package charset

const (
	useVectors = false
	vectorSize = 32
)

func validBlocks(*byte, int) (int, bool) { panic("no vectors") }

func asciiBlocks(*byte, int) int { panic("no vectors") }
