//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA nibbles<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibbles<>(SB), RODATA|NOPTR, $8

// LOOK looks up the bytes at off(SI), by their low and high four bits, in the
// tables low and high, and keeps in b the buckets that are in both.
#define LOOK(off, low, high, b) \
	VMOVDQU off(SI), Y9; \
	VPAND   Y8, Y9, Y10; \
	VPSRLW  $4, Y9, Y9; \
	VPAND   Y8, Y9, Y9; \
	VPSHUFB Y10, low, Y10; \
	VPSHUFB Y9, high, Y9; \
	VPAND   Y10, b, b; \
	VPAND   Y9, b, b

// FIRST is LOOK for the first bytes of all.
#define FIRST(off, low, high, b) \
	VMOVDQU off(SI), Y9; \
	VPAND   Y8, Y9, Y10; \
	VPSRLW  $4, Y9, Y9; \
	VPAND   Y8, Y9, Y9; \
	VPSHUFB Y10, low, Y10; \
	VPSHUFB Y9, high, b; \
	VPAND   Y10, b, b

// LIST1 stores the offset of the lowest bit of AX at off(R12) and clears it.
#define LIST1(off) \
	TZCNTQ AX, CX; \
	ADDL   R8, CX; \
	MOVL   CX, off(R12); \
	BLSRQ  AX, AX

// LETS keeps in CX the groups that have the byte at j(AX) at place j.
#define LETS(j) \
	MOVBLZX j(AX), DX; \
	ANDL    (1024*j)(BX)(DX*4), CX

// WHOLE looks the offset at off(DI) up by whole bytes and shifts into R10 a bit that is
// set if it is none.
#define WHOLE(off) \
	MOVL off(DI), AX; \
	ADDQ SI, AX; \
	MOVBLZX (AX), DX; \
	MOVL (BX)(DX*4), CX; \
	LETS(1); \
	LETS(2); \
	LETS(3); \
	LETS(4); \
	LETS(5); \
	LETS(6); \
	LETS(7); \
	CMPL CX, $1; \
	ADCL R10, R10

// func shapesAVX2(text *byte, blocks, base int, m *marks, found *uint32) int
TEXT ·shapesAVX2(SB), NOSPLIT, $0-48
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), R8
	MOVQ m+24(FP), BX
	MOVQ found+32(FP), R12
	VPBROADCASTQ nibbles<>(SB), Y8
	VPXOR Y13, Y13, Y13
	VBROADCASTI128 656(BX), Y0
	VBROADCASTI128 672(BX), Y1
	VBROADCASTI128 688(BX), Y2
	VBROADCASTI128 704(BX), Y3
	VBROADCASTI128 736(BX), Y4
	VBROADCASTI128 752(BX), Y5
	VBROADCASTI128 768(BX), Y6
	VBROADCASTI128 784(BX), Y7

block:
	FIRST(1, Y0, Y4, Y11)
	LOOK(2, Y1, Y5, Y11)
	LOOK(3, Y2, Y6, Y11)
	LOOK(4, Y3, Y7, Y11)
	FIRST(33, Y0, Y4, Y12)
	LOOK(34, Y1, Y5, Y12)
	LOOK(35, Y2, Y6, Y12)
	LOOK(36, Y3, Y7, Y12)
	VPOR      Y11, Y12, Y14
	VPTEST    Y14, Y14
	JZ        nextBlock
	VPCMPEQB  Y13, Y11, Y11
	VPCMPEQB  Y13, Y12, Y12
	VPMOVMSKB Y11, AX
	VPMOVMSKB Y12, CX
	SHLQ      $32, CX
	ORQ       CX, AX
	NOTQ      AX
	POPCNTQ   AX, R10
	LEAQ      (R12)(R10*4), R10

eight:
	LIST1(0)
	LIST1(4)
	LIST1(8)
	LIST1(12)
	LIST1(16)
	LIST1(20)
	LIST1(24)
	LIST1(28)
	ADDQ  $32, R12
	TESTQ AX, AX
	JNZ   eight
	MOVQ  R10, R12

nextBlock:
	ADDQ $64, SI
	ADDL $64, R8
	DECQ R9
	JNZ  block

	SUBQ found+32(FP), R12
	SHRQ $2, R12
	MOVQ R12, ret+40(FP)
	VZEROUPPER
	RET

// func fineAVX2(found *uint32, n int, text *byte, base int, f *fine) int
TEXT ·fineAVX2(SB), NOSPLIT, $0-48
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ text+16(FP), SI
	MOVQ base+24(FP), AX
	MOVQ f+32(FP), BX
	MOVQ DI, R8 // what is written
	LEAQ ·lanesOf(SB), R13
	SUBQ AX, SI

	// The last eight are filled with the first offset.
	VMOVD AX, X0
	VPBROADCASTD X0, Y0
	VMOVDQU Y0, (DI)(R9*4)

each:
	XORL R10, R10
	WHOLE(28)
	WHOLE(24)
	WHOLE(20)
	WHOLE(16)
	WHOLE(12)
	WHOLE(8)
	WHOLE(4)
	WHOLE(0)
	XORL $0xff, R10
	CMPQ R9, $8
	JGE  pack
	MOVL R9, CX
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	ANDL AX, R10

pack:
	VMOVDQU   (DI), Y0
	VPMOVZXBD (R13)(R10*8), Y1
	VPERMD    Y0, Y1, Y0
	VMOVDQU   Y0, (R8)
	POPCNTL   R10, R10
	LEAQ      (R8)(R10*4), R8
	ADDQ      $32, DI
	SUBQ      $8, R9
	JHI       each

	SUBQ found+0(FP), R8
	SHRQ $2, R8
	MOVQ R8, ret+40(FP)
	VZEROUPPER
	RET
