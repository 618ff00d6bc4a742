//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Walks for processors without AVX-512. A gather costs them as much as the loads by
// themselves, so these do one pivot after the other, but with no branch that depends
// on where it dies: the processor then has several of them under way, and one's wait
// for its next row is another's work.
//
// SI is the text, from as many bytes on as all pivots under way have taken. DX are the
// starts, R8 next, R15 the classes of bytes, R13 the walk, R10 how many events there are,
// R12 the lane that is read and R9 where they end, DI the lane that is written. A
// lane is a word in walk_row: row<<8 | slot.

// STEP takes the byte at k(AX) with the row CX and leaves the next entry in CX.
#define STEP(k) \
	MOVBLZX k(AX), R11; \
	MOVBLZX (R15)(R11*1), R11; \
	ADDL    CX, R11; \
	MOVL    (R8)(R11*4), CX

// QUIET is STEP that leaves the row, and collects in BX whether there was an event.
#define QUIET(k) \
	STEP(k); \
	ORL  CX, BX; \
	SHRL $8, CX

// TOLD is STEP that leaves the row and lists the event if there is one, without a
// branch. BX is slot<<8, R14 the characters taken before <<16.
#define TOLD(k) \
	STEP(k); \
	MOVBLZX CX, R11; \
	ADDL    BX, R11; \
	LEAL    (k<<16)(R14)(R11*1), R11; \
	MOVL    R11, walk_event(R13)(R10*4); \
	CMPB    CX, $1; \
	SBBQ    $-1, R10; \
	SHRL    $8, CX

// KEEP stores the lane with row CX and slot R11, if it is alive.
#define KEEP \
	SHLL $8, CX; \
	ORL  R11, CX; \
	MOVL CX, walk_row(R13)(DI*4); \
	CMPL CX, $0x100; \
	SBBQ $-1, DI

// BEGIN starts the lane of slot R12: AX is its text and CX its row. R11 is machine.start.
#define BEGIN \
	MOVL    (DX)(R12*4), AX; \
	ADDQ    SI, AX; \
	MOVBLZX -1(AX), CX; \
	MOVL    (R11)(CX*4), CX

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
	XORL R14, R14
	XORL DI, DI

	// The first characters: nearly all pivots live through most of them, and
	// few match.
start:
	LEAQ (machine_start-machine_bytes)(R15), R11
	BEGIN
	XORL BX, BX
	QUIET(0)
	QUIET(1)
	QUIET(2)
	QUIET(3)
	QUIET(4)
	QUIET(5)
	TESTB BX, BX
	JNZ   events

started:
	MOVL R12, R11
	KEEP
	INCQ R12
	CMPQ R12, R9
	JB   start
	MOVL $const_walkFirst, R14
	ADDQ $const_walkFirst, SI
	JMP  settle

events:
	LEAQ (machine_start-machine_bytes)(R15), R11
	BEGIN
	MOVL R12, BX
	SHLL $8, BX
	TOLD(0)
	TOLD(1)
	TOLD(2)
	TOLD(3)
	TOLD(4)
	TOLD(5)
	JMP started

loop:
	MOVL    walk_row(R13)(R12*4), CX
	MOVBLZX CX, BX
	MOVL    (DX)(BX*4), AX
	ADDQ    SI, AX
	SHRL    $8, CX
	SHLL    $8, BX
	TOLD(0)
	TOLD(1)
	TOLD(2)
	TOLD(3)
	MOVL    BX, R11
	SHRL    $8, R11
	KEEP
	INCQ    R12
	CMPQ    R12, R9
	JB      loop
	SHRL $16, R14
	ADDL $const_walkStep, R14
	ADDQ $const_walkStep, SI

	// What the events of these steps say. Where a walk is to be done again, the sign
	// bit alone, that an end is written that nobody asks for does no harm.
settle:
	SHLL  $16, R14
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
	MOVQ DI, R9
	XORL R12, R12
	XORL DI, DI
	TESTQ R9, R9
	JZ   done
	CMPL R14, $((const_walkMost-const_walkStep)<<16)
	JLE  loop

	// Those that are left.
left:
	MOVL walk_row(R13)(DI*4), CX
	MOVBLZX CX, CX
	SHLL $8, CX
	MOVL CX, walk_slot(R13)(DI*4)
	INCQ DI
	CMPQ DI, R9
	JB   left

done:
	MOVQ R9, ret+48(FP)

	// Slots where something matched, or that are to be run again.
	XORL  CX, CX
	LEAQ  walk_touched(R13), DI
	VPXOR Y0, Y0, Y0

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
