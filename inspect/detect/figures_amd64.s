//go:build !purego

#include "textflag.h"

// A byte may stand between groups of digits if the byte of its low half there has the
// bit of its high half.
DATA gapLow<>+0(SB)/8, $0x1000000048200002
DATA gapLow<>+8(SB)/8, $0x0602031010010202
GLOBL gapLow<>(SB), RODATA|NOPTR, $16
DATA gapHigh<>+0(SB)/8, $0x0000040000020001
DATA gapHigh<>+8(SB)/8, $0x0040002010000008
GLOBL gapHigh<>(SB), RODATA|NOPTR, $16
DATA kindRange<>+0(SB)/1, $0x30 // from 0, ten
DATA kindRange<>+1(SB)/1, $9
DATA kindRange<>+2(SB)/1, $0x41 // from A, 26
DATA kindRange<>+3(SB)/1, $25
DATA kindRange<>+4(SB)/1, $0x0f // half a byte
GLOBL kindRange<>(SB), RODATA|NOPTR, $5

// KINDS leaves in D, C and G which of the 32 bytes at off(SI) are digits and capitals,
// and which are no gaps.
#define KINDS(off, D, C, G) \
	VMOVDQU   off(SI), Y0 \
	VPSUBB    Y8, Y0, Y1  \
	VPSUBB    Y10, Y0, Y2 \
	VPSRLW    $4, Y0, Y3  \
	VPAND     Y12, Y0, Y4 \
	VPAND     Y12, Y3, Y3 \
	VPMINUB   Y9, Y1, Y5  \
	VPMINUB   Y11, Y2, Y6 \
	VPSHUFB   Y4, Y13, Y4 \
	VPSHUFB   Y3, Y14, Y3 \
	VPCMPEQB  Y1, Y5, Y1  \
	VPCMPEQB  Y2, Y6, Y2  \
	VPAND     Y3, Y4, Y3  \
	VPCMPEQB  Y15, Y3, Y3 \
	VPMOVMSKB Y1, D       \
	VPMOVMSKB Y2, C       \
	VPMOVMSKB Y3, G

// func kindsAVX2(b *byte, blocks int, digits, capitals, gaps *uint64)
TEXT ·kindsAVX2(SB), NOSPLIT, $0-40
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ digits+16(FP), DI
	MOVQ capitals+24(FP), DX
	MOVQ gaps+32(FP), R15
	VPBROADCASTB kindRange<>+0(SB), Y8
	VPBROADCASTB kindRange<>+1(SB), Y9
	VPBROADCASTB kindRange<>+2(SB), Y10
	VPBROADCASTB kindRange<>+3(SB), Y11
	VPBROADCASTB kindRange<>+4(SB), Y12
	VBROADCASTI128 gapLow<>(SB), Y13
	VBROADCASTI128 gapHigh<>(SB), Y14
	VPXOR Y15, Y15, Y15

loop:
	KINDS(0, AX, BX, R8)
	KINDS(32, R9, R10, R11)
	SHLQ $32, R9
	SHLQ $32, R10
	SHLQ $32, R11
	ORQ  R9, AX
	ORQ  R10, BX
	ORQ  R11, R8
	NOTQ R8
	MOVQ AX, (DI)
	MOVQ BX, (DX)
	MOVQ R8, (R15)
	ADDQ $64, SI
	ADDQ $8, DI
	ADDQ $8, DX
	ADDQ $8, R15
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// AHEAD leaves in Y14 the bits n bytes on, of words in a that go on in b.
#define AHEAD(n, a, b) \
	VPSRLQ $n, a, Y14      \
	VPSLLQ $(64-n), b, Y15 \
	VPOR   Y15, Y14, Y14

// BEHIND leaves in Y14 the bits n bytes back, of words in a that begin in b.
#define BEHIND(n, a, b) \
	VPSLLQ $n, a, Y14      \
	VPSRLQ $(64-n), b, Y15 \
	VPOR   Y15, Y14, Y14

// func figuresAVX2(digits, capitals, gaps *uint64, fours int, marks *uint64)
//
// Y0 and Y1 are digits and those of the word behind, Y2 and Y3 gaps likewise, Y4 runs
// of one digit and more, then of more and more; Y5 what is marked, Y6 groups of three,
// two and four, Y7 four digits with what may be a gap behind, Y8 another group there,
// Y9 runs of two and more that are behind two capitals, Y10 runs that are behind one.
TEXT ·figuresAVX2(SB), NOSPLIT, $0-40
	MOVQ digits+0(FP), SI
	MOVQ capitals+8(FP), DX
	MOVQ gaps+16(FP), BX
	MOVQ fours+24(FP), CX
	MOVQ marks+32(FP), DI

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 8(SI), Y1
	VMOVDQU (BX), Y2
	VMOVDQU 8(BX), Y3
	VMOVDQU (DX), Y9
	VMOVDQU -8(DX), Y11
	BEHIND(1, Y9, Y11)
	VMOVDQA Y14, Y10
	BEHIND(2, Y9, Y11)
	VPAND   Y14, Y10, Y9
	VMOVDQU -8(SI), Y11
	BEHIND(1, Y0, Y11)
	VPANDN  Y0, Y14, Y4    // one digit and more
	AHEAD(1, Y0, Y1)
	VPAND   Y14, Y4, Y4    // two
	VPAND   Y9, Y4, Y5     // behind a country
	AHEAD(2, Y0, Y1)
	VPAND   Y14, Y4, Y4    // three
	AHEAD(3, Y0, Y1)
	VPANDN  Y4, Y14, Y6
	VPAND   Y14, Y4, Y4    // four
	AHEAD(4, Y0, Y1)
	VPANDN  Y4, Y14, Y7
	VPAND   Y14, Y6, Y6
	VPAND   Y14, Y4, Y4    // five
	AHEAD(5, Y0, Y1)
	VPAND   Y14, Y6, Y6
	VPAND   Y14, Y7, Y8
	VPAND   Y14, Y4, Y4    // six
	AHEAD(6, Y0, Y1)
	VPANDN  Y6, Y14, Y6
	VPAND   Y14, Y8, Y8
	VPAND   Y14, Y4, Y4    // seven
	AHEAD(7, Y0, Y1)
	VPANDN  Y4, Y14, Y11
	VPOR    Y11, Y5, Y5    // no more
	VPAND   Y14, Y6, Y6
	VPAND   Y14, Y8, Y8
	VPAND   Y14, Y4, Y4    // eight
	AHEAD(8, Y0, Y1)
	VPANDN  Y4, Y14, Y11
	VPAND   Y10, Y11, Y11
	VPOR    Y11, Y5, Y5    // no more, behind a capital
	VPAND   Y14, Y6, Y6
	VPAND   Y14, Y8, Y8
	VPAND   Y14, Y4, Y4    // nine
	AHEAD(9, Y0, Y1)
	VPAND   Y14, Y6, Y6
	VPAND   Y14, Y4, Y4    // ten
	VMOVDQA Y14, Y11
	AHEAD(9, Y2, Y3)
	VPOR    Y14, Y11, Y11
	VPAND   Y11, Y8, Y8    // two groups and more
	AHEAD(10, Y0, Y1)
	VPAND   Y14, Y6, Y6
	VPAND   Y14, Y4, Y4    // eleven
	AHEAD(11, Y0, Y1)
	VPANDN  Y6, Y14, Y6
	VPAND   Y14, Y4, Y4    // twelve
	VPOR    Y4, Y5, Y5
	AHEAD(3, Y2, Y3)
	VPAND   Y14, Y6, Y6
	AHEAD(6, Y2, Y3)
	VPAND   Y14, Y6, Y6
	VPOR    Y6, Y5, Y5
	AHEAD(5, Y2, Y3)
	VPAND   Y14, Y7, Y11
	VPOR    Y11, Y8, Y8    // or a long gap
	AHEAD(4, Y2, Y3)
	VPAND   Y14, Y7, Y7
	VPAND   Y8, Y7, Y8
	VPOR    Y8, Y5, Y5
	VMOVDQU Y5, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, BX
	ADDQ $32, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
