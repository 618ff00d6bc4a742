//go:build !purego

#include "textflag.h"

// What a brace has and the bracket of its side has not.
DATA sides<>+0(SB)/8, $0x2020202020202020
GLOBL sides<>(SB), RODATA|NOPTR, $8
DATA opens<>+0(SB)/8, $0x7b7b7b7b7b7b7b7b
GLOBL opens<>(SB), RODATA|NOPTR, $8
DATA closes<>+0(SB)/8, $0x7d7d7d7d7d7d7d7d
GLOBL closes<>(SB), RODATA|NOPTR, $8
DATA quotes<>+0(SB)/8, $0x2222222222222222
GLOBL quotes<>(SB), RODATA|NOPTR, $8
DATA backslashes<>+0(SB)/8, $0x5c5c5c5c5c5c5c5c
GLOBL backslashes<>(SB), RODATA|NOPTR, $8
DATA commas<>+0(SB)/8, $0x2c2c2c2c2c2c2c2c
GLOBL commas<>(SB), RODATA|NOPTR, $8
DATA colons<>+0(SB)/8, $0x3a3a3a3a3a3a3a3a
GLOBL colons<>(SB), RODATA|NOPTR, $8

// MARK leaves at off(DI) a bit for each byte of Y0 and Y1 that equals Y's.
#define MARK(A, B, Y, off) \
	VPCMPEQB  A, Y, Y4; \
	VPCMPEQB  B, Y, Y5; \
	VPMOVMSKB Y4, AX; \
	VPMOVMSKB Y5, DX; \
	SHLQ      $32, DX; \
	ORQ       DX, AX; \
	MOVQ      AX, off(DI)

// func structureAVX2(b *byte, blocks int, out *Structure)
TEXT ·structureAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VPBROADCASTQ sides<>(SB), Y8
	VPBROADCASTQ quotes<>(SB), Y9
	VPBROADCASTQ backslashes<>(SB), Y10
	VPBROADCASTQ opens<>(SB), Y11
	VPBROADCASTQ closes<>(SB), Y12
	VPBROADCASTQ commas<>(SB), Y13
	VPBROADCASTQ colons<>(SB), Y14

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPOR    Y0, Y8, Y2
	VPOR    Y1, Y8, Y3
	MARK(Y0, Y1, Y9, 0)
	MARK(Y0, Y1, Y10, 8)
	MARK(Y2, Y3, Y11, 16)
	MARK(Y2, Y3, Y12, 24)
	MARK(Y0, Y1, Y13, 32)
	MARK(Y0, Y1, Y14, 40)
	ADDQ $48, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
