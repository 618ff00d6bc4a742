//go:build !purego

#include "textflag.h"
#include "go_asm.h"

#define walk_event_size 4160 // kept right by a test

// WALK takes one character, the low byte of each lane of Z0, of the lanes K7.
// Z1 is where they are, Z2 their rows, Z3 their slots. Z20 and Z21 hold the
// classes of ASCII, Z22 0x80, Z23 0xff. Lanes that leave ASCII join K6.
#define WALK(skip) \
	VPTESTMD Z22, Z0, K7, K2; \
	KORW     K2, K6, K6; \
	KANDNW   K7, K2, K7; \
	VPANDD   Z23, Z0, Z4; \
	VPERMI2B Z21, Z20, Z4; \
	VPANDD   Z23, Z4, Z4; \
	VPADDD   Z2, Z4, Z4; \
	KMOVW    K7, K1; \
	VPXORD   Z5, Z5, Z5; \
	VPGATHERDD (R8)(Z4*4), K1, Z5; \
	VPTESTMD Z23, Z5, K7, K3; \
	VPSRLD   $8, Z5, Z2; \
	KORTESTW K3, K3; \
	JZ       skip; \
	VPCOMPRESSD.Z Z3, K3, Z6; \
	VMOVDQU32 Z6, (R10); \
	VPCOMPRESSD.Z Z1, K3, Z6; \
	VMOVDQU32 Z6, walk_event_size(R10); \
	VPANDD   Z23, Z5, Z5; \
	VPCOMPRESSD.Z Z5, K3, Z6; \
	VMOVDQU32 Z6, (2*walk_event_size)(R10); \
	KMOVW    K3, AX; \
	POPCNTL  AX, AX; \
	LEAQ     (R10)(AX*4), R10

// WALKED moves on by a character.
#define WALKED \
	VPTESTMD Z2, Z2, K7, K7; \
	VPSRLD   $8, Z0, Z0; \
	VPADDD   Z24, Z1, Z1

// func walkAVX512(text *byte, w *walk, n int, next *uint32, ascii *[128]uint8) (live, events, redo int)
TEXT ·walkAVX512(SB), NOSPLIT, $0-64
	MOVQ text+0(FP), SI
	MOVQ w+8(FP), DI
	MOVQ n+16(FP), R9
	MOVQ next+24(FP), R8
	MOVQ ascii+32(FP), BX
	VMOVDQU8 (BX), Z20
	VMOVDQU8 64(BX), Z21
	MOVL $0x80, AX
	VPBROADCASTD AX, Z22
	MOVL $0xff, AX
	VPBROADCASTD AX, Z23
	MOVL $1, AX
	VPBROADCASTD AX, Z24
	LEAQ walk_event(DI), R10
	LEAQ walk_redoes(DI), R11
	MOVQ DI, R12 // read here, write at DI
	MOVQ DI, R13
	KXNORW K4, K4, K4

loop:
	CMPQ R9, $16
	JAE  full
	MOVQ R9, CX
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K4

full:
	VMOVDQU32 walk_at(R12), Z1
	VMOVDQU32 walk_row(R12), Z2
	VMOVDQU32 walk_slot(R12), Z3
	KMOVW  K4, K7
	KXORW  K6, K6, K6
	KMOVW  K4, K1
	VPXORD Z0, Z0, Z0
	VPGATHERDD (SI)(Z1*1), K1, Z0
	WALK(walked1)

walked1:
	WALKED
	WALK(walked2)

walked2:
	WALKED
	WALK(walked3)

walked3:
	WALKED
	WALK(walked4)

walked4:
	WALKED

	VPCOMPRESSD.Z Z1, K7, Z6
	VMOVDQU32 Z6, walk_at(DI)
	VPCOMPRESSD.Z Z2, K7, Z6
	VMOVDQU32 Z6, walk_row(DI)
	VPCOMPRESSD.Z Z3, K7, Z6
	VMOVDQU32 Z6, walk_slot(DI)
	KMOVW   K7, AX
	POPCNTL AX, AX
	LEAQ    (DI)(AX*4), DI
	VPCOMPRESSD.Z Z3, K6, Z6
	VMOVDQU32 Z6, (R11)
	KMOVW   K6, AX
	POPCNTL AX, AX
	LEAQ    (R11)(AX*4), R11
	ADDQ    $64, R12
	SUBQ    $16, R9
	JHI     loop

	SUBQ R13, DI
	SHRQ $2, DI
	MOVQ DI, live+40(FP)
	LEAQ walk_event(R13), AX
	SUBQ AX, R10
	SHRQ $2, R10
	MOVQ R10, events+48(FP)
	LEAQ walk_redoes(R13), AX
	SUBQ AX, R11
	SHRQ $2, R11
	MOVQ R11, redo+56(FP)
	VZEROUPPER
	RET
