//go:build !purego

#include "textflag.h"

DATA lineEnds<>+0(SB)/8, $0x0a0a0a0a0a0a0a0a
GLOBL lineEnds<>(SB), RODATA|NOPTR, $8
DATA cellQuotes<>+0(SB)/8, $0x2222222222222222
GLOBL cellQuotes<>(SB), RODATA|NOPTR, $8

// MASK leaves in R a bit for each byte of Y0 and Y1 that equals Y's.
#define MASK(Y, R) \
	VPCMPEQB  Y0, Y, Y4; \
	VPCMPEQB  Y1, Y, Y5; \
	VPMOVMSKB Y4, R; \
	VPMOVMSKB Y5, DX; \
	SHLQ      $32, DX; \
	ORQ       DX, R

// func partingAVX2(b *byte, blocks int, delim byte, out *Parting)
TEXT ·partingAVX2(SB), NOSPLIT, $0-32
	MOVQ         b+0(FP), SI
	MOVQ         blocks+8(FP), CX
	MOVBLZX      delim+16(FP), AX
	MOVQ         out+24(FP), DI
	MOVQ         AX, X8
	VPBROADCASTB X8, Y8
	VPBROADCASTQ lineEnds<>(SB), Y9
	VPBROADCASTQ cellQuotes<>(SB), Y10

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	MASK(Y8, R8)
	MASK(Y9, R9)
	MASK(Y10, R10)
	ORQ     R9, R8
	MOVQ    R8, (DI)
	MOVQ    R9, 8(DI)
	MOVQ    R10, 16(DI)
	ADDQ    $64, SI
	ADDQ    $24, DI
	DECQ    CX
	JNZ     loop
	VZEROUPPER
	RET
