//go:build !purego

#include "textflag.h"

// What AVX-512 looks up by the low six bits of a byte is looked up here by halves of
// it, or compared.

DATA halfByte<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL halfByte<>(SB), RODATA|NOPTR, $8
DATA lineEnd<>+0(SB)/8, $0x0a0a0a0a0a0a0a0a
GLOBL lineEnd<>(SB), RODATA|NOPTR, $8
DATA letterN<>+0(SB)/8, $0x6e6e6e6e6e6e6e6e
GLOBL letterN<>(SB), RODATA|NOPTR, $8
DATA dashSign<>+0(SB)/8, $0x2d2d2d2d2d2d2d2d
GLOBL dashSign<>(SB), RODATA|NOPTR, $8

// func surveyAVX2(b *byte, blocks int, t *surveyHalves, marks, ends *uint64) (signs uint8, some uint64)
TEXT ·surveyAVX2(SB), NOSPLIT, $0-56
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ marks+24(FP), DI
	MOVQ ends+32(FP), R9
	VBROADCASTI128 (BX), Y8    // signs by low halves
	VBROADCASTI128 16(BX), Y9  // their bits
	VBROADCASTI128 32(BX), Y10 // what begins a line of a mark
	VPBROADCASTQ lineEnd<>(SB), Y12
	VPBROADCASTQ letterN<>(SB), Y14
	VPBROADCASTQ dashSign<>(SB), Y15
	VPXOR Y7, Y7, Y7
	MOVQ CX, DX
	XORQ R8, R8

// SURVEY adds the signs of 32 bytes to Y7 and leaves a bit for each that is marked in
// M, for each line end in E. A byte beyond ASCII finds nothing.
#define SURVEY(off, M, E) \
	VMOVDQU   off(SI), Y0; \
	VMOVDQU   (off+1)(SI), Y1; \
	VPSHUFB   Y0, Y8, Y2; \
	VPSHUFB   Y0, Y9, Y3; \
	VPCMPEQB  Y0, Y2, Y2; \
	VPAND     Y2, Y3, Y2; \
	VPOR      Y2, Y7, Y7; \
	VPCMPEQB  Y12, Y0, Y4; \
	VPMOVMSKB Y4, E; \
	VPCMPEQB  Y15, Y1, Y5; \
	VPSHUFB   Y1, Y10, Y3; \
	VPCMPEQB  Y1, Y3, Y3; \
	VPCMPEQB  Y14, Y0, Y6; \
	VPOR      Y5, Y3, Y3; \
	VPAND     Y5, Y6, Y6; \
	VPAND     Y3, Y4, Y4; \
	VPOR      Y2, Y6, Y6; \
	VPOR      Y4, Y6, Y6; \
	VPMOVMSKB Y6, M

loop:
	SURVEY(0, AX, R10)
	SURVEY(32, R11, R12)
	SHLQ $32, R11
	SHLQ $32, R12
	ORQ  R11, AX
	ORQ  R12, R10
	MOVQ AX, (DI)
	MOVQ R10, (R9)
	NEGQ AX
	RCRQ $1, R8                // whether there are any
	ADDQ $64, SI
	ADDQ $8, DI
	ADDQ $8, R9
	DECQ CX
	JNZ  loop

	MOVQ $64, CX
	SUBQ DX, CX
	SHRQ CX, R8
	MOVQ R8, some+48(FP)

	// The bytes are or-ed: halves, quarters and so on.
	VEXTRACTI128 $1, Y7, X1
	VPOR    X7, X1, X0
	VPSRLDQ $8, X0, X1
	VPOR    X0, X1, X0
	VMOVQ   X0, AX
	MOVQ    AX, DX
	SHRQ    $32, DX
	ORQ     DX, AX
	MOVQ    AX, DX
	SHRQ    $16, DX
	ORQ     DX, AX
	MOVQ    AX, DX
	SHRQ    $8, DX
	ORQ     DX, AX
	ANDL    $0x7f, AX          // not that of "="
	MOVB    AX, signs+40(FP)
	VZEROUPPER
	RET

// func wordsAVX2(b *byte, blocks int, t *halfMarks, out *uint64)
TEXT ·wordsAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ out+24(FP), DI
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VBROADCASTI128 64(BX), Y12
	VBROADCASTI128 80(BX), Y13
	VBROADCASTI128 96(BX), Y14
	VBROADCASTI128 112(BX), Y15
	VPBROADCASTQ halfByte<>(SB), Y7
	VPXOR Y6, Y6, Y6

// PLACE looks the bytes at off(SI) up by their high and low halves: in A and B.
#define PLACE(off, HIGH, LOW, A, B) \
	VMOVDQU off(SI), B; \
	VPSRLW  $4, B, A; \
	VPAND   Y7, A, A; \
	VPAND   Y7, B, B; \
	VPSHUFB A, HIGH, A; \
	VPSHUFB B, LOW, B

// WORDS leaves a bit for each of the 32 bytes at off(SI) that no word begins with.
#define WORDS(off, M) \
	PLACE(off, Y8, Y9, Y0, Y1); \
	PLACE(off+1, Y10, Y11, Y2, Y3); \
	PLACE(off+2, Y12, Y13, Y4, Y5); \
	VPAND     Y1, Y0, Y0; \
	VPAND     Y3, Y2, Y2; \
	VPAND     Y5, Y4, Y4; \
	VPAND     Y2, Y0, Y0; \
	PLACE(off+3, Y14, Y15, Y1, Y3); \
	VPAND     Y4, Y0, Y0; \
	VPAND     Y3, Y1, Y1; \
	VPAND     Y1, Y0, Y0; \
	VPCMPEQB  Y6, Y0, Y0; \
	VPMOVMSKB Y0, M

words:
	WORDS(0, AX)
	WORDS(32, DX)
	SHLQ $32, DX
	ORQ  DX, AX
	NOTQ AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  words
	VZEROUPPER
	RET
