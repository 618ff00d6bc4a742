//go:build !purego

#include "textflag.h"

// CELL reads the number of a column at (BX) and of its cell in the row at DX: the bits
// of its bytes to R11, where they are to Y0, and where its shape is, from DI on, in
// four bytes to R12.
#define CELL \
	MOVLQSX (BX), R12 \
	MOVLQSX (DX)(R12*8), R10 \
	MOVL 4(DX)(R12*8), CX \
	LEAQ (R12)(R12*8), R12 \
	SUBL R10, CX \
	MOVQ $1, R11 \
	SHLQ CX, R11 \
	DECQ R11 \
	VMOVDQU (SI)(R10*1), Y0

// PUT writes the highest bits of v that are in R11 to the shape at off.
#define PUT(v, off) \
	VPMOVMSKB v, AX \
	ANDL R11, AX \
	MOVL AX, off(DI)(R12*4)

// WITHIN sets those bytes of v to ones that lie from the byte at low(R8) on, at most
// what is at size(R8) above it; the others to zero. It uses u.
#define WITHIN(low, size, v, u) \
	VPSUBB (32*low)(R8), v, v \
	VPMINUB (32*size)(R8), v, u \
	VPCMPEQB u, v, v

// func shapeSignsAVX2(s *cellShape, text *byte, row *cell, columns *int32, n int, marks *[21][32]byte)
TEXT ·shapeSignsAVX2(SB), NOSPLIT, $0-48
	MOVQ s+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ row+16(FP), DX
	MOVQ columns+24(FP), BX
	MOVQ n+32(FP), R9
	MOVQ marks+40(FP), R8

signs:
	CELL

	// Digits, and letters of either case beside them.
	VMOVDQA Y0, Y3
	WITHIN(0, 1, Y3, Y4)
	PUT(Y3, 0)
	VPOR (32*2)(R8), Y0, Y5
	WITHIN(3, 4, Y5, Y4)
	VPOR Y3, Y5, Y5
	PUT(Y5, 4)

	// Capitals, and bytes whose highest bit is set.
	VMOVDQA Y0, Y3
	WITHIN(5, 4, Y3, Y4)
	VPOR Y0, Y3, Y3
	PUT(Y3, 8)

	VPCMPEQB (32*6)(R8), Y0, Y3
	VPCMPEQB (32*7)(R8), Y0, Y4
	PUT(Y3, 12)
	PUT(Y4, 16)

	ADDQ $4, BX
	DECQ R9
	JNZ signs
	VZEROUPPER
	RET

// func shapeNamesAVX2(s *cellShape, text *byte, row *cell, columns *int32, n int, marks *[21][32]byte)
//
// A cell's bytes stand in Y0, those one and two further on in Y1 and Y2.
TEXT ·shapeNamesAVX2(SB), NOSPLIT, $0-48
	MOVQ s+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ row+16(FP), DX
	MOVQ columns+24(FP), BX
	MOVQ n+32(FP), R9
	MOVQ marks+40(FP), R8

names:
	CELL
	VMOVDQU 1(SI)(R10*1), Y1
	VMOVDQU 2(SI)(R10*1), Y2
	VPCMPEQB (32*8)(R8), Y0, Y5
	PUT(Y5, 20)

	// 80 to BF are the lowest of the signed bytes.
	VMOVDQU (32*9)(R8), Y3
	VPCMPGTB Y0, Y3, Y3
	PUT(Y3, 32)

	// Kanji: E4 B8 to E9, whatever follows.
	VPCMPEQB (32*10)(R8), Y0, Y3
	VMOVDQU (32*12)(R8), Y4
	VPCMPGTB Y1, Y4, Y4
	VPAND Y4, Y3, Y3
	VMOVDQA Y0, Y4
	WITHIN(10, 11, Y4, Y5)
	VPANDN Y4, Y3, Y3
	PUT(Y3, 24)

	// Kana: E3 before 81 but for 81 80, before 82 but for 82 94 to 82 A0, before 83
	// but for 83 BB and from 83 BD on.
	VPCMPEQB (32*13)(R8), Y1, Y3
	VPCMPEQB (32*14)(R8), Y2, Y4
	VPANDN Y3, Y4, Y3
	VPCMPEQB (32*15)(R8), Y1, Y4
	VMOVDQA Y2, Y5
	WITHIN(16, 17, Y5, Y6)
	VPANDN Y4, Y5, Y4
	VPOR Y4, Y3, Y3
	VPCMPEQB (32*18)(R8), Y1, Y4
	VPCMPGTB (32*19)(R8), Y2, Y5
	VPCMPEQB (32*20)(R8), Y2, Y6
	VPANDN Y5, Y6, Y5
	VPANDN Y4, Y5, Y4
	VPOR Y4, Y3, Y3
	VPSUBB (32*10)(R8), Y0, Y4
	VPCMPEQB Y6, Y6, Y6
	VPCMPEQB Y6, Y4, Y4 // E4 and less by one
	VPAND Y4, Y3, Y3
	PUT(Y3, 28)

	ADDQ $4, BX
	DECQ R9
	JNZ names
	VZEROUPPER
	RET
