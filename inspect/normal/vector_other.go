//go:build !amd64 || purego

package normal

const (
	useVectors   = false
	useCarryless = false
)

var useWide = false // which tests switch off

func plainBlocks(*byte, int) int { panic("no vectors") }

func foldBlocks(_, _ *byte, _ int, _ *[maxNarrow]narrowBlock) (int, int, int) { panic("no vectors") }

func signBlocks(*byte, int) Signs { panic("no vectors") }

func sextetBlocks(*byte, int) int { panic("no vectors") }

func structureBlocks(*byte, int, *Structure) { panic("no vectors") }

func bracketBlocks(*byte, int, *Brackets, uint64) (int, uint64) { panic("no vectors") }

func sextetWide(*byte, int) int { panic("no vectors") }

func sextetWordBlocks(*byte, int, *uint64, int) { panic("no vectors") }

func keyBlocks(*byte, int, *KeyEnds) int { panic("no vectors") }
