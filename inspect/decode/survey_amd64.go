//go:build !purego

package decode

import "github.com/sekimori-dlp/sekimori/inspect/normal"

// surveyBlocks marks blocks of 64 bytes at b, at least one and at most 64, behind
// which two more bytes are: a bit for each byte with which one of t's marks may
// begin. It returns their signs and which blocks have a mark.
func surveyBlocks(b *byte, blocks int, t *surveyTables, out *stretches, from int) (normal.Signs, uint64) {
	signs, some := surveyAVX512(b, blocks, t, &out.marks[from], &out.ends[from])
	return normal.Signs(signs), some
}

//go:noescape
func surveyAVX512(b *byte, blocks int, t *surveyTables, marks, ends *uint64) (signs uint8, some uint64)

// wordBlocks marks blocks of 64 bytes at b, behind which five more are: a bit for
// each byte with which a word of t may begin.
func wordBlocks(b *byte, blocks int, t *wideMarks, out *uint64) { wordsAVX512(b, blocks, t, out) }

//go:noescape
func wordsAVX512(b *byte, blocks int, t *wideMarks, out *uint64)

// glanceBlock looks at the veinStep bytes at b.
func glanceBlock(b *byte, t *glanceTables, g *glance) { glanceAVX512(b, t, g) }

//go:noescape
func glanceAVX512(b *byte, t *glanceTables, out *glance)
