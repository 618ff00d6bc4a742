//go:build !purego

package decode

import "github.com/sekimori-dlp/sekimori/inspect/normal"

// surveyBlocks marks blocks of 64 bytes at b, at least one and at most 64, behind
// which two more bytes are: a bit for each byte with which one of surveyMarks may
// begin. It returns their signs and which blocks have a mark.
func surveyBlocks(b *byte, blocks int, out *stretches, from int) (normal.Signs, uint64) {
	var signs uint8
	var some uint64
	if useWide {
		signs, some = surveyAVX512(b, blocks, &surveyed, &out.marks[from], &out.ends[from])
	} else {
		signs, some = surveyAVX2(b, blocks, &halfSurveyed, &out.marks[from], &out.ends[from])
	}
	return normal.Signs(signs), some
}

//go:noescape
func surveyAVX2(b *byte, blocks int, t *surveyHalves, marks, ends *uint64) (signs uint8, some uint64)

//go:noescape
func surveyAVX512(b *byte, blocks int, t *surveyTables, marks, ends *uint64) (signs uint8, some uint64)

// wordBlocks marks blocks of 64 bytes at b, behind which five more are: a bit for
// each byte with which a word of t may begin.
func wordBlocks(b *byte, blocks int, t *wordMarks, out *uint64) {
	if useWide {
		wordsAVX512(b, blocks, &t.wide, out)
		return
	}
	wordsAVX2(b, blocks, &t.halves, out)
}

//go:noescape
func wordsAVX2(b *byte, blocks int, t *halfMarks, out *uint64)

//go:noescape
func wordsAVX512(b *byte, blocks int, t *wideMarks, out *uint64)

// glanceBlock looks at the veinStep bytes at b.
func glanceBlock(b *byte, g *glance) {
	if useWide {
		glanceAVX512(b, &glanced, g)
		return
	}
	glanceAVX2(b, &halfGlanced, g)
}

//go:noescape
func glanceAVX2(b *byte, t *glanceHalves, out *glance)

//go:noescape
func glanceAVX512(b *byte, t *glanceTables, out *glance)
