//go:build !purego

package detect

// shapeSigns writes what the shapes tell of digits, letters of ASCII and signs, for the
// cells of n columns of a row of text, which goes on for shapeReach bytes from where the
// last of them starts.
func shapeSigns(s *cellShape, text *byte, row *cell, columns *int32, n int) {
	shapeSignsAVX2(s, text, row, columns, n, &shapeMarks)
}

// shapeNames is shapeSigns for characters that names have, and spaces.
func shapeNames(s *cellShape, text *byte, row *cell, columns *int32, n int) {
	shapeNamesAVX2(s, text, row, columns, n, &shapeMarks)
}

//go:noescape
func shapeSignsAVX2(s *cellShape, text *byte, row *cell, columns *int32, n int, marks *[21][32]byte)

//go:noescape
func shapeNamesAVX2(s *cellShape, text *byte, row *cell, columns *int32, n int, marks *[21][32]byte)
