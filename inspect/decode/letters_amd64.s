//go:build !purego

#include "textflag.h"

DATA highBits<>+0(SB)/8, $0x8040201008040201
DATA highBits<>+8(SB)/8, $0x0000000000000000
GLOBL highBits<>(SB), RODATA|NOPTR, $16
DATA lowHalf<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL lowHalf<>(SB), RODATA|NOPTR, $8

// func prefixAVX2(b *byte, blocks int, s *asciiSet) int
TEXT ·prefixAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ s+16(FP), BX
	MOVQ SI, DI
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 highBits<>(SB), Y9
	VPBROADCASTQ lowHalf<>(SB), Y10
	VPXOR Y11, Y11, Y11

loop:
	// VPSHUFB gives 0 for bytes from 80 on: they are in no set.
	VMOVDQU   (SI), Y0
	VPSHUFB   Y0, Y8, Y1
	VPSRLW    $4, Y0, Y2
	VPAND     Y10, Y2, Y2
	VPSHUFB   Y2, Y9, Y2
	VPAND     Y1, Y2, Y1
	VPCMPEQB  Y11, Y1, Y1
	VPMOVMSKB Y1, AX
	TESTL     AX, AX
	JNZ       found
	ADDQ      $32, SI
	DECQ      CX
	JNZ       loop
	SUBQ      DI, SI
	MOVQ      SI, ret+24(FP)
	VZEROUPPER
	RET

found:
	BSFL AX, AX
	SUBQ DI, SI
	ADDQ AX, SI
	MOVQ SI, ret+24(FP)
	VZEROUPPER
	RET
