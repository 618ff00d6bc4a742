//go:build !purego

#include "textflag.h"

// Four percent-encoded bytes a lane: their digits first, then the percent signs, twice.
DATA percentOrder<>+0(SB)/8, $0x0b0a080705040201
DATA percentOrder<>+8(SB)/8, $0x0906030009060300
DATA percentOrder<>+16(SB)/8, $0x0f0e0c0b09080605
DATA percentOrder<>+24(SB)/8, $0x0d0a07040d0a0704
GLOBL percentOrder<>(SB), RODATA|NOPTR, $32

// What a byte may be by its low half: a digit (1), a letter of hexadecimal (2), a
// percent sign (4); by its high half; and what each is to be.
DATA percentLow<>+0(SB)/8, $0x0103070303030301
DATA percentLow<>+8(SB)/8, $0x0000000000000101
GLOBL percentLow<>(SB), RODATA|NOPTR, $16
DATA percentHigh<>+0(SB)/8, $0x0002000201040000
DATA percentHigh<>+8(SB)/8, $0
GLOBL percentHigh<>(SB), RODATA|NOPTR, $16
DATA percentKinds<>+0(SB)/8, $0x0303030303030303
DATA percentKinds<>+8(SB)/8, $0x0404040404040404
GLOBL percentKinds<>(SB), RODATA|NOPTR, $16

// What a letter stands for beyond its low half, by its high half.
DATA percentLetters<>+0(SB)/8, $0x0009000900000000
DATA percentLetters<>+8(SB)/8, $0
GLOBL percentLetters<>(SB), RODATA|NOPTR, $16

DATA percentHalf<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL percentHalf<>(SB), RODATA|NOPTR, $8
DATA percentWeights<>+0(SB)/8, $0x0110011001100110
GLOBL percentWeights<>(SB), RODATA|NOPTR, $8

// func percentAVX2(dst, src *byte, groups int) int
TEXT ·percentAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ groups+16(FP), CX
	MOVQ CX, DX
	VMOVDQU percentOrder<>(SB), Y8
	VBROADCASTI128 percentLow<>(SB), Y9
	VBROADCASTI128 percentHigh<>(SB), Y10
	VBROADCASTI128 percentKinds<>(SB), Y11
	VBROADCASTI128 percentLetters<>(SB), Y12
	VPBROADCASTQ percentHalf<>(SB), Y13
	VPBROADCASTQ percentWeights<>(SB), Y14
	VPXOR Y15, Y15, Y15

loop:
	VMOVDQU (SI), X0
	VINSERTI128 $1, 8(SI), Y0, Y0
	VPSHUFB   Y8, Y0, Y0
	VPSRLW    $4, Y0, Y1
	VPAND     Y13, Y1, Y1       // high halves
	VPSHUFB   Y0, Y9, Y2        // nothing beyond ASCII
	VPSHUFB   Y1, Y10, Y3
	VPAND     Y13, Y0, Y0       // low halves
	VPSHUFB   Y1, Y12, Y1
	VPAND     Y2, Y3, Y3
	VPAND     Y11, Y3, Y3
	VPCMPEQB  Y15, Y3, Y3
	VPADDB    Y1, Y0, Y0        // values of digits
	VPTEST    Y3, Y3
	JNZ       done
	VPMADDUBSW Y14, Y0, Y0      // of two each
	VPACKUSWB Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VMOVD     X0, (DI)
	VMOVD     X1, 4(DI)
	ADDQ      $24, SI
	ADDQ      $8, DI
	DECQ      CX
	JNZ       loop

done:
	SUBQ CX, DX
	MOVQ DX, ret+24(FP)
	VZEROUPPER
	RET
