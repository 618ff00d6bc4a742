//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Walks for processors without AVX-512. A gather costs them as much as the loads by
// themselves, so these do one pivot after the other, but with no branch that depends
// on where it dies, and no store whose place depends on it: the processor then has
// several of them under way, and one's wait for its next row is another's work.
//
// SI is the text, from as many bytes on as all pivots under way have taken, R14. DX are
// the starts, R8 next, R15 the classes of bytes <<8, R13 the walk, R10 how many events
// there are, R12 the lane that is read and R9 where they end. A lane is a word in
// walk_row: row<<8 | slot. BX is the table that packs lanes, where vectors are.

DATA steps<>+0(SB)/8, $0x0001000000000000
DATA steps<>+8(SB)/8, $0x0003000000020000
DATA steps<>+16(SB)/8, $0x0001000000000000
DATA steps<>+24(SB)/8, $0x0003000000020000
GLOBL steps<>(SB), RODATA|NOPTR, $32

DATA fours<>+0(SB)/8, $0x0000000000000000
DATA fours<>+8(SB)/8, $0x0000000000000000
DATA fours<>+16(SB)/8, $0x0000000100000001
DATA fours<>+24(SB)/8, $0x0000000100000001
GLOBL fours<>(SB), RODATA|NOPTR, $32

// BEGIN starts the lane of slot R12: AX is its text and CX its row<<8.
#define BEGIN \
	MOVL    (DX)(R12*4), AX; \
	ADDQ    SI, AX; \
	MOVBLZX -1(AX), CX; \
	MOVL    (machine_start-machine_bytes)(R15)(CX*4), CX; \
	SHLL    $8, CX

// STEP takes the byte at k(AX) with the row in CX, whose lowest byte may be anything, and
// leaves the next entry in CX.
#define STEP(k) \
	MOVBLZX k(AX), R11; \
	ADDL    (R15)(R11*4), CX; \
	SHRL    $8, CX; \
	MOVL    (R8)(CX*4), CX

// QUIET is STEP that collects in BX whether there was an event.
#define QUIET(k) \
	STEP(k); \
	ORL CX, BX

// TOLD is STEP that lists the event if there is one, of the slot BX>>8.
#define TOLD(k) \
	STEP(k); \
	MOVBLZX CX, R11; \
	LEAL    (k<<16)(BX)(R11*1), R11; \
	MOVL    R11, walk_event(R13)(R10*4); \
	CMPB    CX, $1; \
	SBBQ    $-1, R10

// KEPT is STEP that leaves the entry at 4*k(DI).
#define KEPT(k) \
	STEP(k); \
	MOVL CX, (4*k)(DI)

// func walkAVX2(text *byte, w *walk, starts *uint32, from, to int, m *machine) int
TEXT ·walkAVX2(SB), NOSPLIT, $0-56
	MOVQ text+0(FP), SI
	MOVQ w+8(FP), R13
	MOVQ starts+16(FP), DX
	MOVQ from+24(FP), R12
	MOVQ to+32(FP), R9
	MOVQ m+40(FP), R15
	MOVQ machine_next(R15), R8
	ADDQ $machine_bytes, R15
	XORL R10, R10
	VPXOR Y0, Y0, Y0
	MOVL $0xff, AX
	VMOVD AX, X7
	VPBROADCASTD X7, Y7
	VMOVDQU steps<>(SB), Y6
	VMOVDQU fours<>(SB), Y5

	// The first characters: nearly all pivots live through most of them, and
	// few match.
start:
	BEGIN
	XORL BX, BX
	QUIET(0)
	QUIET(1)
	QUIET(2)
	QUIET(3)
	QUIET(4)
	QUIET(5)
	QUIET(6)
	TESTB BX, BX
	JNZ   events

started:
	ANDL $-256, CX
	ORL  R12, CX
	MOVL CX, walk_row(R13)(R12*4)
	INCQ R12
	CMPQ R12, R9
	JB   start
	MOVL $const_walkFirst, R14
	ADDQ $const_walkFirst, SI
	MOVQ from+24(FP), R12
	LEAQ ·lanesOf(SB), BX
	JMP  keep

events:
	BEGIN
	MOVL R12, BX
	SHLL $8, BX
	TOLD(0)
	TOLD(1)
	TOLD(2)
	TOLD(3)
	TOLD(4)
	TOLD(5)
	TOLD(6)
	JMP  started

loop:
	MOVL    walk_row(R13)(R12*4), CX
	MOVBLZX CX, BX
	MOVL    (DX)(BX*4), AX
	ADDQ    SI, AX
	KEPT(0)
	KEPT(1)
	KEPT(2)
	KEPT(3)
	ANDL    $-256, CX
	ORL     BX, CX
	MOVL    CX, walk_row(R13)(R12*4)
	ADDQ    $16, DI
	INCQ    R12
	CMPQ    R12, R9
	JB      loop

	// Which of the entries are events, for two lanes at a time.
	VMOVDQU X0, (DI)
	LEAQ ·lanesOf(SB), BX
	LEAQ walk_entry(R13), DI
	XORL R12, R12
	MOVL R14, AX
	SHLL $16, AX
	VMOVD AX, X4
	VPBROADCASTD X4, Y4
	VPADDD Y6, Y4, Y4

list:
	VPAND     (DI), Y7, Y1
	VMOVQ     walk_row(R13)(R12*4), X2
	VPERMD    Y2, Y5, Y2
	VPAND     Y7, Y2, Y2
	VPSLLD    $8, Y2, Y2
	VPADDD    Y4, Y2, Y2
	VPADDD    Y1, Y2, Y2
	VPCMPEQD  Y0, Y1, Y1
	VMOVMSKPS Y1, AX
	XORL      $0xff, AX
	VPMOVZXBD (BX)(AX*8), Y3
	VPERMD    Y2, Y3, Y2
	VMOVDQU   Y2, walk_event(R13)(R10*4)
	POPCNTL   AX, AX
	ADDQ      AX, R10
	ADDQ      $32, DI
	ADDQ      $2, R12
	CMPQ      R12, R9
	JB        list
	ADDL $const_walkStep, R14
	ADDQ $const_walkStep, SI
	XORL R12, R12

	// The lanes that are alive are packed.
keep:
	VMOVDQU Y0, walk_row(R13)(R9*4)
	XORL DI, DI

pack:
	VMOVDQU   walk_row(R13)(R12*4), Y1
	VPCMPGTD  Y7, Y1, Y2
	VMOVMSKPS Y2, AX
	VPMOVZXBD (BX)(AX*8), Y3
	VPERMD    Y1, Y3, Y1
	VMOVDQU   Y1, walk_row(R13)(DI*4)
	POPCNTL   AX, AX
	ADDQ      AX, DI
	ADDQ      $8, R12
	CMPQ      R12, R9
	JB        pack

	// What the events of these steps say. Where a walk is to be done again, the sign
	// bit alone, that an end is written that nobody asks for does no harm.
	TESTQ R10, R10
	JZ    settled
	MOVQ  (machine_sets-machine_bytes)(R15), R9
	XORL  R12, R12

event:
	MOVL    walk_event(R13)(R12*4), AX
	MOVBLZX AX, CX
	MOVL    (R9)(CX*4), CX
	MOVBLZX AH, BX
	SHRL    $16, AX
	ADDL    (DX)(BX*4), AX
	ORL     CX, walk_matched(R13)(BX*4)
	SHLQ    $6, BX
	ADDQ    R13, BX

member:
	TZCNTL CX, R11
	ANDL   $(const_maxMembers-1), R11
	MOVL   AX, walk_ends(BX)(R11*4)
	BLSRL  CX, CX
	JNZ    member
	INCQ   R12
	CMPQ   R12, R10
	JB     event
	XORL   R10, R10

settled:
	MOVQ  DI, R9
	XORL  R12, R12
	LEAQ  walk_entry(R13), DI
	TESTQ R9, R9
	JZ    done
	CMPL  R14, $(const_walkMost-const_walkStep)
	JLE   loop

	// Those that are left.
left:
	MOVBLZX walk_row(R13)(R12*4), CX
	SHLL $8, CX
	MOVL CX, walk_slot(R13)(R12*4)
	INCQ R12
	CMPQ R12, R9
	JB   left

done:
	MOVQ R9, ret+48(FP)

	// Slots where something matched, or that are to be run again.
	XORL CX, CX
	LEAQ walk_touched(R13), DI

touched:
	VPCMPEQD  walk_matched(R13)(CX*4), Y0, Y1
	VMOVMSKPS Y1, AX
	NOTL      AX
	MOVB      AX, (DI)
	INCQ      DI
	ADDQ      $8, CX
	CMPQ      CX, $const_batchSize
	JB        touched
	VZEROUPPER
	RET

// func chooseAVX2(found *uint32, n int, text *byte, set *byteSet, dst *uint32) int
TEXT ·chooseAVX2(SB), NOSPLIT, $0-48
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ text+16(FP), SI
	MOVQ set+24(FP), BX
	MOVQ dst+32(FP), R12
	XORL R10, R10
	LEAQ (DI)(R9*4), R9

next:
	MOVL    (DI), AX
	MOVBLZX (SI)(AX*1), CX
	MOVL    AX, (R12)(R10*4)
	MOVL    CX, DX
	SHRL    $5, DX
	MOVL    (BX)(DX*4), DX
	BTL     CX, DX
	ADCQ    $0, R10
	ADDQ    $4, DI
	CMPQ    DI, R9
	JB      next
	MOVQ    R10, ret+40(FP)
	RET
