//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA slots<>+0(SB)/8, $0x0000010000000000
DATA slots<>+8(SB)/8, $0x0000030000000200
DATA slots<>+16(SB)/8, $0x0000050000000400
DATA slots<>+24(SB)/8, $0x0000070000000600
DATA slots<>+32(SB)/8, $0x0000090000000800
DATA slots<>+40(SB)/8, $0x00000b0000000a00
DATA slots<>+48(SB)/8, $0x00000d0000000c00
DATA slots<>+56(SB)/8, $0x00000f0000000e00
GLOBL slots<>(SB), RODATA|NOPTR, $64

// WALK takes one character, the low byte of each lane of Z0, of the lanes K7.
// Z2 are their rows, Z3 what an event says besides its set. Z20 and Z21 hold the
// classes of ASCII, K5 the low byte of each lane, Z22 0x80, Z23 0xff. Lanes that
// leave ASCII join K6. Events are listed without a branch: one that is taken wrongly
// now and then keeps the gathers of many lanes from overlapping.
#define WALK \
	VPTESTMD Z22, Z0, K7, K2; \
	KORW     K2, K6, K6; \
	KANDNW   K7, K2, K7; \
	VMOVDQA64 Z0, Z4; \
	VPERMI2B.Z Z21, Z20, K5, Z4; \
	VPADDD   Z2, Z4, Z4; \
	KMOVW    K7, K1; \
	VPXORD   Z5, Z5, Z5; \
	VPGATHERDD (R8)(Z4*4), K1, Z5; \
	VPTESTMD Z23, Z5, K3; \
	VPSRLD   $8, Z5, Z2; \
	VPTERNLOGD $0xea, Z3, Z23, Z5; \
	VPCOMPRESSD.Z Z5, K3, Z5; \
	VMOVDQU32 Z5, (R10); \
	KMOVW    K3, AX; \
	POPCNTL  AX, AX; \
	LEAQ     (R10)(AX*4), R10; \
	VPTESTMD Z2, Z2, K7, K7; \
	VPSRLD   $8, Z0, Z0; \
	VPADDD   Z24, Z3, Z3

// LANES sets K4 if less than 16 of the lanes R9 are left.
#define LANES(full) \
	CMPQ  R9, $16; \
	JAE   full; \
	MOVQ  R9, CX; \
	MOVL  $1, AX; \
	SHLL  CX, AX; \
	DECL  AX; \
	KMOVW AX, K4

// KEEP stores the lanes K7 at DI, as many bytes on as is in z, and the slots of
// those K6 at R11.
#define KEEP(z) \
	VPADDD  z, Z1, Z1; \
	VPCOMPRESSD.Z Z1, K7, Z1; \
	VMOVDQU32 Z1, walk_at(DI); \
	VPCOMPRESSD.Z Z2, K7, Z2; \
	VMOVDQU32 Z2, walk_row(DI); \
	VPCOMPRESSD.Z Z3, K7, Z4; \
	VMOVDQU32 Z4, walk_slot(DI); \
	KMOVW   K7, AX; \
	POPCNTL AX, AX; \
	LEAQ    (DI)(AX*4), DI; \
	VPCOMPRESSD.Z Z3, K6, Z3; \
	VMOVDQU32 Z3, (R11); \
	KMOVW   K6, AX; \
	POPCNTL AX, AX; \
	LEAQ    (R11)(AX*4), R11

// func walkAVX512(text *byte, w *walk, starts *uint32, from, to int, m *machine) (live, redo int)
TEXT ·walkAVX512(SB), NOSPLIT, $0-64
	MOVQ text+0(FP), SI
	MOVQ w+8(FP), R13
	MOVQ starts+16(FP), DX
	MOVQ from+24(FP), CX
	MOVQ to+32(FP), R9
	MOVQ m+40(FP), BX
	MOVQ machine_next(BX), R8
	VMOVDQU8 machine_ascii(BX), Z20
	VMOVDQU8 (machine_ascii+64)(BX), Z21
	MOVL $0x80, AX
	VPBROADCASTD AX, Z22
	MOVL $0xff, AX
	VPBROADCASTD AX, Z23
	MOVL $0x10000, AX
	VPBROADCASTD AX, Z24
	MOVL $3, AX
	VPBROADCASTD AX, Z25
	MOVL $4, AX
	VPBROADCASTD AX, Z26
	MOVL $0x1000, AX
	VPBROADCASTD AX, Z27
	MOVL CX, AX
	SHLL $8, AX
	VPBROADCASTD AX, Z28
	VPADDD slots<>(SB), Z28, Z28
	MOVQ $0x1111111111111111, AX
	KMOVQ AX, K5
	KXNORW K4, K4, K4
	LEAQ walk_redoes(R13), R11
	LEAQ walk_event(R13), R10
	MOVQ R13, DI
	LEAQ (DX)(CX*4), R12
	SUBQ CX, R9
	MOVL $((const_walkMost-3)/const_walkStep), R15

	// The first three characters, with the byte before them.
start:
	LANES(startFull)

startFull:
	VMOVDQU32.Z (R12), K4, Z1
	VMOVDQA64 Z28, Z3
	VPADDD Z27, Z28, Z28
	KMOVW  K4, K1
	KMOVW  K4, K2
	KMOVW  K4, K7
	KXORW  K6, K6, K6
	VPXORD Z0, Z0, Z0
	VPXORD Z2, Z2, Z2
	VPGATHERDD -1(SI)(Z1*1), K1, Z0
	VPANDD Z23, Z0, Z4
	VPGATHERDD machine_start(BX)(Z4*4), K2, Z2
	VPSRLD $8, Z0, Z0
	WALK
	WALK
	WALK
	KEEP(Z25)
	ADDQ $64, R12
	SUBQ $16, R9
	JHI  start
	KXNORW K4, K4, K4
	JMP  settle

loop:
	LANES(full)

full:
	VMOVDQU32 walk_at(R12), Z1
	VMOVDQU32 walk_row(R12), Z2
	VMOVDQU32 walk_slot(R12), Z3
	KMOVW  K4, K7
	KXORW  K6, K6, K6
	KMOVW  K4, K1
	VPXORD Z0, Z0, Z0
	VPGATHERDD (SI)(Z1*1), K1, Z0
	WALK
	WALK
	WALK
	WALK
	KEEP(Z26)
	ADDQ $64, R12
	SUBQ $16, R9
	JHI  loop
	KXNORW K4, K4, K4

	// What the events of these steps say.
settle:
	MOVQ machine_sets(BX), R9
	LEAQ walk_event(R13), R12
	CMPQ R12, R10
	JAE  settled

event:
	MOVL    (R12), AX
	MOVBLZX AL, CX
	MOVL    (R9)(CX*4), CX
	KMOVW   CX, K1
	MOVBLZX AH, BX
	SHRL    $16, AX
	ADDL    (DX)(BX*4), AX
	VPBROADCASTD AX, Z0
	ORL     CX, walk_matched(R13)(BX*4)
	SHLQ    $6, BX
	VMOVDQU32 Z0, K1, walk_ends(R13)(BX*1)
	ADDQ    $4, R12
	CMPQ    R12, R10
	JB      event
	MOVQ    m+40(FP), BX

settled:
	LEAQ walk_event(R13), R10
	MOVQ R13, R12
	MOVQ DI, R9
	MOVQ R13, DI
	SUBQ R12, R9
	SHRQ $2, R9
	JZ   done
	DECL R15
	JNZ  loop

done:
	MOVQ R9, live+48(FP)
	LEAQ walk_redoes(R13), AX
	SUBQ AX, R11
	SHRQ $2, R11
	MOVQ R11, redo+56(FP)

	// Slots where something matched.
	XORL CX, CX
	LEAQ walk_touched(R13), DI

touched:
	VMOVDQU32 walk_matched(R13)(CX*8), Z0
	VPTESTMD  Z0, Z0, K1
	KMOVW     K1, AX
	MOVW      AX, (DI)
	ADDQ      $2, DI
	ADDQ      $8, CX
	CMPQ      CX, $(const_batchSize/2)
	JB        touched
	VZEROUPPER
	RET
