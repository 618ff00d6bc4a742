//go:build !purego

#include "textflag.h"

// Sets of pairs of bytes that may follow each other in text, each the product
// of sets of half bytes (see pairs in pairs.go): the byte before by its high
// and low half, the byte itself by its high and low half.

DATA utf8Bits<>+0(SB)/8, $0x0707070707070707
GLOBL utf8Bits<>(SB), RODATA|NOPTR, $8
DATA low<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL low<>(SB), RODATA|NOPTR, $8

// func pairsAVX2(b *byte, blocks int, t *[4][16]byte, out *[2]uint64)
TEXT ·pairsAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ out+24(FP), DI
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VPBROADCASTQ low<>(SB), Y14
	VPBROADCASTQ utf8Bits<>(SB), Y13
	VPXOR Y15, Y15, Y15

// PAIRS leaves a bit for each of the 32 bytes at off(SI) that does not go with
// the one before it: in U in UTF-8, in C in CP932.
#define PAIRS(off, U, C) \
	VMOVDQU   off(SI), Y0; \
	VMOVDQU   (off-1)(SI), Y1; \
	VPSRLW    $4, Y1, Y2; \
	VPAND     Y14, Y2, Y2; \
	VPSHUFB   Y2, Y8, Y2; \
	VPAND     Y14, Y1, Y1; \
	VPSHUFB   Y1, Y9, Y1; \
	VPAND     Y1, Y2, Y2; \
	VPSRLW    $4, Y0, Y1; \
	VPAND     Y14, Y1, Y1; \
	VPSHUFB   Y1, Y10, Y1; \
	VPAND     Y1, Y2, Y2; \
	VPAND     Y14, Y0, Y0; \
	VPSHUFB   Y0, Y11, Y0; \
	VPAND     Y0, Y2, Y2; \
	VPAND     Y13, Y2, Y0; \
	VPANDN    Y2, Y13, Y2; \
	VPCMPEQB  Y15, Y0, Y0; \
	VPMOVMSKB Y0, U; \
	VPCMPEQB  Y15, Y2, Y2; \
	VPMOVMSKB Y2, C

loop:
	PAIRS(0, AX, R8)
	PAIRS(32, DX, R9)
	SHLQ $32, DX
	ORQ  DX, AX
	NOTQ AX
	MOVQ AX, (DI)
	SHLQ $32, R9
	ORQ  R9, R8
	NOTQ R8
	MOVQ R8, 8(DI)
	ADDQ $16, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
