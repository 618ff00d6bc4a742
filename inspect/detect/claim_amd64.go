//go:build !purego

package detect

// shapeCells writes the shapes of n cells of text, which goes on for shapeReach bytes
// from where the last of them starts.
func shapeCells(s *cellShape, text *byte, cells *cell, n int) {
	shapeCellsAVX2(s, text, cells, n, &shapeMarks)
}

//go:noescape
func shapeCellsAVX2(s *cellShape, text *byte, cells *cell, n int, marks *[21][32]byte)
