//go:build !purego

#include "textflag.h"

// Of four dwords: their first bytes, second, third, fourth.
DATA planes<>+0(SB)/8, $0x0d0905010c080400
DATA planes<>+8(SB)/8, $0x0f0b07030e0a0602
GLOBL planes<>(SB), RODATA|NOPTR, $16

// A byte is of base64 if the low half's byte here has a bit of the high half's.
DATA sextetLow<>+0(SB)/8, $0x1e1e1e1e1e1e1e1a
DATA sextetLow<>+8(SB)/8, $0x0d040504051c1e1e
GLOBL sextetLow<>(SB), RODATA|NOPTR, $16
DATA sextetHigh<>+0(SB)/8, $0x1004080402010000
DATA sextetHigh<>+8(SB)/8, $0x0000000000000000
GLOBL sextetHigh<>(SB), RODATA|NOPTR, $16
DATA halfByte<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL halfByte<>(SB), RODATA|NOPTR, $8
DATA byteOnes<>+0(SB)/8, $0x0101010101010101
GLOBL byteOnes<>(SB), RODATA|NOPTR, $8
DATA longSize<>+0(SB)/1, $20
GLOBL longSize<>(SB), RODATA|NOPTR, $1
DATA firstZero<>+0(SB)/1, $0x30
GLOBL firstZero<>(SB), RODATA|NOPTR, $1

// PLANES gathers the four bytes of each of 32 runs at off(SP) in the order of the
// runs: those of what stands beside to L and H, first digits to F, sizes to S.
#define PLANES(off, L, H, F, S) \
	VMOVDQU (off+0)(SP), X0 \
	VMOVDQU (off+16)(SP), X1 \
	VMOVDQU (off+32)(SP), X2 \
	VMOVDQU (off+48)(SP), X3 \
	VINSERTI128 $1, (off+64)(SP), Y0, Y0 \
	VINSERTI128 $1, (off+80)(SP), Y1, Y1 \
	VINSERTI128 $1, (off+96)(SP), Y2, Y2 \
	VINSERTI128 $1, (off+112)(SP), Y3, Y3 \
	VPSHUFB Y4, Y0, Y0 \
	VPSHUFB Y4, Y1, Y1 \
	VPSHUFB Y4, Y2, Y2 \
	VPSHUFB Y4, Y3, Y3 \
	VPUNPCKLDQ Y1, Y0, Y5 \
	VPUNPCKHDQ Y1, Y0, Y6 \
	VPUNPCKLDQ Y3, Y2, Y7 \
	VPUNPCKHDQ Y3, Y2, Y0 \
	VPUNPCKLQDQ Y7, Y5, L \
	VPUNPCKHQDQ Y7, Y5, H \
	VPUNPCKLQDQ Y0, Y6, F \
	VPUNPCKHQDQ Y0, Y6, S

// PUT2 makes a set of the highest bits of lo and hi.
#define PUT2(set, lo, hi) \
	VPMOVMSKB lo, AX \
	VPMOVMSKB hi, CX \
	MOVL AX, (8*set)(DI) \
	MOVL CX, (8*set+4)(DI)

// SAME puts the bytes of lo and hi that are those of Y0, and adds one to it.
#define SAME(set, lo, hi) \
	VPCMPEQB lo, Y0, Y1 \
	VPCMPEQB hi, Y0, Y2 \
	VPADDB Y3, Y0, Y0 \
	PUT2(set, Y1, Y2)

// PICK puts the n-th bit from above of each byte of Y8 and Y9.
#define PICK(set, n) \
	VPSLLW $n, Y8, Y1 \
	VPSLLW $n, Y9, Y2 \
	PUT2(set, Y1, Y2)

// func sortRunsAVX2(w *runWord, text *byte, runs *match.Run, take uint64, t *joinedSides, all uint64)
TEXT ·sortRunsAVX2(SB), NOSPLIT, $256-48
	MOVQ text+8(FP), SI
	MOVQ runs+16(FP), DX
	MOVQ take+24(FP), AX
	MOVQ t+32(FP), R9

	VPXOR Y0, Y0, Y0
	VMOVDQU Y0, 0(SP)
	VMOVDQU Y0, 32(SP)
	VMOVDQU Y0, 64(SP)
	VMOVDQU Y0, 96(SP)
	VMOVDQU Y0, 128(SP)
	VMOVDQU Y0, 160(SP)
	VMOVDQU Y0, 192(SP)
	VMOVDQU Y0, 224(SP)

	// From the last of take, CX-1, to the first, R15. DI is where the run behind
	// starts: far off, if there is none.
	BSFQ AX, R15
	BSRQ AX, CX
	INCQ CX
	MOVQ all+40(FP), R10
	MOVL $-1, DI
	BTQ  CX, R10
	JCC  last
	CMPQ CX, $64
	JEQ  last
	MOVL (DX)(CX*8), DI

last:
	XORL BX, BX  // which are close to the next, a bit each
	MOVL $20, AX // longRun

run:
	MOVL    -8(DX)(CX*8), R8
	MOVL    -4(DX)(CX*8), R10
	MOVBLZX -2(SI)(R8*1), R11
	MOVBLZX -1(SI)(R8*1), R12
	MOVBLZX (SI)(R10*1), R13
	MOVWLZX 512(R9)(R11*2), R11
	ADDW    (R9)(R12*2), R11
	ADDW    1024(R9)(R13*2), R11
	MOVBLZX (SI)(R8*1), R12
	SUBL    R10, DI
	CMPL    DI, $17             // beyond runReach
	ADCQ    BX, BX
	MOVL    R8, DI
	SUBL    R8, R10
	CMPL    R10, AX
	CMOVLGT AX, R10
	SHLL    $8, R10
	ORL     R12, R10
	SHLL    $16, R10
	ORL     R11, R10
	MOVL    R10, -4(SP)(CX*4)
	DECQ    CX
	CMPQ    CX, R15
	JNE     run

	MOVQ w+0(FP), DI
	MOVQ R15, CX
	SHLQ CX, BX
	MOVQ BX, (8*26)(DI)

	VBROADCASTI128 planes<>(SB), Y4
	PLANES(0, Y8, Y10, Y12, Y14)
	PLANES(128, Y9, Y11, Y13, Y15)

	// By size.
	VPBROADCASTQ byteOnes<>(SB), Y3
	VMOVDQA Y3, Y0
	SAME(1, Y14, Y15)
	SAME(2, Y14, Y15)
	SAME(3, Y14, Y15)
	SAME(4, Y14, Y15)
	SAME(5, Y14, Y15)
	SAME(6, Y14, Y15)
	SAME(7, Y14, Y15)
	SAME(8, Y14, Y15)
	SAME(9, Y14, Y15)
	SAME(10, Y14, Y15)
	SAME(11, Y14, Y15)
	SAME(12, Y14, Y15)
	SAME(13, Y14, Y15)
	VPBROADCASTB longSize<>(SB), Y1
	VPCMPEQB Y1, Y14, Y5
	VPCMPEQB Y1, Y15, Y6
	PUT2(15, Y5, Y6)
	VPSUBB Y3, Y0, Y0
	VPCMPGTB Y0, Y14, Y1 // beyond 13
	VPCMPGTB Y0, Y15, Y2
	VPANDN Y1, Y5, Y1
	VPANDN Y2, Y6, Y2
	PUT2(14, Y1, Y2)

	// By the first digit.
	VPBROADCASTB firstZero<>(SB), Y0
	SAME(16, Y12, Y13)
	SAME(17, Y12, Y13)

	// By what stands beside: what is told by two bytes joins what one tells.
	PICK(18, 7)
	PICK(19, 6)
	PICK(20, 5)
	VPSLLW $2, Y10, Y1
	VPSLLW $2, Y11, Y2
	PUT2(25, Y1, Y2)
	VPOR Y8, Y1, Y1
	VPOR Y9, Y2, Y2
	VPSLLW $4, Y1, Y1
	VPSLLW $4, Y2, Y2
	PUT2(21, Y1, Y2)
	PICK(22, 3)
	PICK(23, 2)
	VPSLLW $1, Y8, Y1
	VPSLLW $1, Y9, Y2
	VPSLLW $4, Y10, Y10
	VPSLLW $4, Y11, Y11
	VPOR Y8, Y1, Y1
	VPOR Y9, Y2, Y2
	VPOR Y10, Y1, Y1
	VPOR Y11, Y2, Y2
	PUT2(24, Y1, Y2)
	VZEROUPPER
	RET

// SEXTETS leaves in A which of the 32 bytes at off(SI) are not of base64.
#define SEXTETS(off, A) \
	VMOVDQU off(SI), Y0 \
	VPSRLW $4, Y0, Y1 \
	VPAND Y6, Y1, Y1 \
	VPSHUFB Y0, Y4, Y2 \
	VPSHUFB Y1, Y5, Y1 \
	VPAND Y1, Y2, Y1 \
	VPCMPEQB Y7, Y1, Y1 \
	VPMOVMSKB Y1, A

// func wordMaskAVX2(b *byte) uint64
TEXT ·wordMaskAVX2(SB), NOSPLIT, $0-16
	MOVQ b+0(FP), SI
	VBROADCASTI128 sextetLow<>(SB), Y4
	VBROADCASTI128 sextetHigh<>(SB), Y5
	VPBROADCASTQ halfByte<>(SB), Y6
	VPXOR Y7, Y7, Y7
	SEXTETS(0, AX)
	SEXTETS(32, CX)
	SHLQ $32, CX
	ORQ CX, AX
	NOTQ AX
	VZEROUPPER
	MOVQ AX, ret+8(FP)
	RET
