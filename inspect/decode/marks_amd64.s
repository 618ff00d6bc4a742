//go:build !purego

#include "textflag.h"

// The characters of JSON's structure by their low half, once 20 is or-ed in,
// which makes brackets braces: 3A ":", 7B "{", 2C ",", 7D "}".
DATA structure<>+0(SB)/8, $0x0000000000000000
DATA structure<>+8(SB)/8, $0x00007d2c7b3a0000
GLOBL structure<>(SB), RODATA|NOPTR, $16
DATA brace<>+0(SB)/8, $0x2020202020202020
GLOBL brace<>(SB), RODATA|NOPTR, $8
DATA quote<>+0(SB)/8, $0x2222222222222222
GLOBL quote<>(SB), RODATA|NOPTR, $8
DATA backslash<>+0(SB)/8, $0x5c5c5c5c5c5c5c5c
GLOBL backslash<>(SB), RODATA|NOPTR, $8

// MARKS leaves a bit for each of the 32 bytes at off(SI): in I if it matters
// within a string, in O outside.
#define MARKS(off, I, O) \
	VMOVDQU   off(SI), Y0; \
	VPCMPEQB  Y0, Y10, Y1; \
	VPCMPEQB  Y0, Y11, Y2; \
	VPOR      Y1, Y2, Y2; \
	VPMOVMSKB Y2, I; \
	VPOR      Y0, Y9, Y0; \
	VPSHUFB   Y0, Y8, Y2; \
	VPCMPEQB  Y0, Y2, Y2; \
	VPOR      Y1, Y2, Y2; \
	VPMOVMSKB Y2, O

// func markAVX2(b *byte, blocks int, out *[2]uint64)
TEXT ·markAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VBROADCASTI128 structure<>(SB), Y8
	VPBROADCASTQ brace<>(SB), Y9
	VPBROADCASTQ quote<>(SB), Y10
	VPBROADCASTQ backslash<>(SB), Y11

loop:
	MARKS(0, AX, BX)
	MARKS(32, DX, R8)
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, (DI)
	SHLQ $32, R8
	ORQ  R8, BX
	MOVQ BX, 8(DI)
	ADDQ $16, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
