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

// WALK takes one character, the low byte of each lane of t. r are the lanes' rows, s
// what an event says besides its set. Z20 and Z21 hold the classes of ASCII, Z19 that
// of all else, K5 the low byte of each lane, Z22 0x80, Z23 0xff, Z24 a character more
// in s. No lane is masked out: a dead one stays in the dead row. Events are listed
// without a branch: one that is taken wrongly now and then keeps the gathers of many
// lanes from overlapping.
#define WALK(t, r, s, a) \
	VPTESTMD Z22, t, K2; \
	VMOVDQA64 t, a; \
	VPERMI2B.Z Z21, Z20, K5, a; \
	VMOVDQA32 Z19, K2, a; \
	VPADDD   r, a, a; \
	KXNORW   K1, K1, K1; \
	VPXORD   r, r, r; \
	VPGATHERDD (R8)(a*4), K1, r; \
	VPTESTMD Z23, r, K3; \
	VMOVDQA64 r, a; \
	VPTERNLOGD $0xea, s, Z23, a; \
	VPCOMPRESSD.Z a, K3, a; \
	VMOVDQU32 a, (R10); \
	KMOVW    K3, AX; \
	POPCNTL  AX, AX; \
	LEAQ     (R10)(AX*4), R10; \
	VPSRLD   $8, r, r; \
	VPSRLD   $8, t, t; \
	VPADDD   Z24, s, s

// Four vectors side by side, so that their gathers overlap.
#define WALK4 \
	WALK(Z0, Z4, Z8, Z12); \
	WALK(Z1, Z5, Z9, Z13); \
	WALK(Z2, Z6, Z10, Z14); \
	WALK(Z3, Z7, Z11, Z15)

// LANES leaves a bit in K7 for each of the lanes R9 that are left, at most 64.
#define LANES \
	MOVQ   $-1, AX; \
	BZHIQ  R9, AX, CX; \
	CMPQ   R9, $64; \
	CMOVQLT CX, AX; \
	KMOVQ  AX, K7

// START takes 16 lanes, of those in K7, from off(R12), with the three characters from
// there and the row by the byte before. They leave K7.
#define START(off, t, r, s, a) \
	VMOVDQU32.Z off(R12), K7, a; \
	KMOVW  K7, K1; \
	KMOVW  K7, K2; \
	KSHIFTRQ $16, K7, K7; \
	VPXORD t, t, t; \
	VPXORD r, r, r; \
	VPGATHERDD -1(SI)(a*1), K1, t; \
	VPANDD Z23, t, a; \
	VPGATHERDD machine_start(BX)(a*4), K2, r; \
	VPSRLD $8, t, t; \
	VMOVDQA64 Z28, s; \
	VPADDD Z27, Z28, Z28

// NEXT does so with lanes that are under way.
#define NEXT(off, t, r, s, a) \
	VMOVDQU32 (walk_at+off)(R12), a; \
	VMOVDQU32.Z (walk_row+off)(R12), K7, r; \
	VMOVDQU32 (walk_slot+off)(R12), s; \
	KMOVW  K7, K1; \
	KSHIFTRQ $16, K7, K7; \
	VPXORD t, t, t; \
	VPGATHERDD (SI)(a*1), K1, t

// KEEP stores the lanes that are alive at DI. at is where they were, z how far they
// have got.
#define KEEP(at, z, r, s, a) \
	VPADDD  at, z, a; \
	VPTESTMD r, r, K1; \
	VPCOMPRESSD.Z a, K1, a; \
	VMOVDQU32 a, walk_at(DI); \
	VPCOMPRESSD.Z r, K1, r; \
	VMOVDQU32 r, walk_row(DI); \
	VPCOMPRESSD.Z s, K1, s; \
	VMOVDQU32 s, walk_slot(DI); \
	KMOVW   K1, AX; \
	POPCNTL AX, AX; \
	LEAQ    (DI)(AX*4), DI

// func walkAVX512(text *byte, w *walk, starts *uint32, from, to int, m *machine) int
TEXT ·walkAVX512(SB), NOSPLIT, $0-56
	MOVQ text+0(FP), SI
	MOVQ w+8(FP), R13
	MOVQ starts+16(FP), DX
	MOVQ from+24(FP), CX
	MOVQ to+32(FP), R9
	MOVQ m+40(FP), BX
	MOVQ machine_next(BX), R8
	VMOVDQU8 machine_ascii(BX), Z20
	VMOVDQU8 (machine_ascii+64)(BX), Z21
	VPBROADCASTD machine_width(BX), Z19
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
	LEAQ walk_event(R13), R10
	MOVQ R13, DI
	LEAQ (DX)(CX*4), R12
	SUBQ CX, R9
	MOVL $((const_walkMost-3)/const_walkStep), R15

start:
	LANES
	CMPQ R9, $16
	JLE  start1
	START(0, Z0, Z4, Z8, Z12)
	START(64, Z1, Z5, Z9, Z13)
	START(128, Z2, Z6, Z10, Z14)
	START(192, Z3, Z7, Z11, Z15)
	WALK4
	WALK4
	WALK4
	KEEP(0(R12), Z25, Z4, Z8, Z12)
	KEEP(64(R12), Z25, Z5, Z9, Z13)
	KEEP(128(R12), Z25, Z6, Z10, Z14)
	KEEP(192(R12), Z25, Z7, Z11, Z15)
	ADDQ $256, R12
	SUBQ $64, R9
	JHI  start
	JMP  settle

start1:
	START(0, Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	KEEP(0(R12), Z25, Z4, Z8, Z12)
	JMP settle

loop:
	LANES
	CMPQ R9, $16
	JLE  loop1
	NEXT(0, Z0, Z4, Z8, Z12)
	NEXT(64, Z1, Z5, Z9, Z13)
	NEXT(128, Z2, Z6, Z10, Z14)
	NEXT(192, Z3, Z7, Z11, Z15)
	WALK4
	WALK4
	WALK4
	WALK4
	VMOVDQU32 walk_at(R12), Z0
	VMOVDQU32 (walk_at+64)(R12), Z1
	VMOVDQU32 (walk_at+128)(R12), Z2
	VMOVDQU32 (walk_at+192)(R12), Z3
	KEEP(Z0, Z26, Z4, Z8, Z12)
	KEEP(Z1, Z26, Z5, Z9, Z13)
	KEEP(Z2, Z26, Z6, Z10, Z14)
	KEEP(Z3, Z26, Z7, Z11, Z15)
	ADDQ $256, R12
	SUBQ $64, R9
	JHI  loop
	JMP  settle

loop1:
	NEXT(0, Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	WALK(Z0, Z4, Z8, Z12)
	VMOVDQU32 walk_at(R12), Z0
	KEEP(Z0, Z26, Z4, Z8, Z12)

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
	MOVQ R9, ret+48(FP)

	// Slots where something matched, or that are to be run again.
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

// func chooseAVX512(found *uint32, n int, text *byte, set *byteSet, dst *uint32) int
TEXT ·chooseAVX512(SB), NOSPLIT, $0-48
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ text+16(FP), SI
	MOVQ set+24(FP), BX
	MOVQ dst+32(FP), R12
	MOVQ R12, R13
	VBROADCASTI64X4 (BX), Z20
	MOVL $0xe0, AX
	VPBROADCASTD AX, Z21
	MOVL $1, AX
	VPBROADCASTD AX, Z22
	KXNORW K7, K7, K7

loop:
	CMPQ R9, $16
	JAE  full
	MOVL $-1, AX
	BZHIL R9, AX, AX
	KMOVW AX, K7

full:
	VMOVDQU32.Z (DI), K7, Z0
	KMOVW  K7, K1
	VPXORD Z1, Z1, Z1
	VPGATHERDD (SI)(Z0*1), K1, Z1
	VPANDD Z21, Z1, Z2
	VPSRLD $5, Z2, Z2
	VPERMD Z20, Z2, Z2
	VPRORVD Z1, Z2, Z2
	VPTESTMD Z22, Z2, K7, K2
	VPCOMPRESSD.Z Z0, K2, Z0
	VMOVDQU32 Z0, (R12)
	KMOVW  K2, AX
	POPCNTL AX, AX
	LEAQ   (R12)(AX*4), R12
	ADDQ   $64, DI
	SUBQ   $16, R9
	JHI    loop

	SUBQ R13, R12
	SHRQ $2, R12
	MOVQ R12, ret+40(FP)
	VZEROUPPER
	RET
