//go:build !purego

#include "textflag.h"

// The AVX2 kernel gives only masks: it has no instruction that turns them into
// lists of offsets.

DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $8
DATA nine<>+0(SB)/8, $0x0909090909090909
GLOBL nine<>(SB), RODATA|NOPTR, $8
DATA zeroDigit<>+0(SB)/8, $0x3030303030303030
GLOBL zeroDigit<>(SB), RODATA|NOPTR, $8
DATA atSign<>+0(SB)/8, $0x4040404040404040
GLOBL atSign<>(SB), RODATA|NOPTR, $8

// LOOKUP4 looks up the bytes at off(SI), by their low and high four bits, in
// the tables at j*16 of low4 and high4, and leaves the buckets in Y1.
#define LOOKUP4(off, j) \
	VMOVDQU        off(SI), Y0; \
	VBROADCASTI128 (640+16*j)(BX), Y3; \
	VPAND          Y4, Y0, Y1; \
	VPSHUFB        Y1, Y3, Y1; \
	VBROADCASTI128 (720+16*j)(BX), Y3; \
	VPSRLW         $4, Y0, Y0; \
	VPAND          Y4, Y0, Y0; \
	VPSHUFB        Y0, Y3, Y0; \
	VPAND          Y0, Y1, Y1

// BUCKETS looks up five bytes for each of 32 offsets, from off(SI) on and the
// last at last(SI), and leaves a bit in AX for each that no bucket allows.
#define BUCKETS(off, last) \
	LOOKUP4(off, 0); \
	VMOVDQA   Y1, Y2; \
	LOOKUP4(off+1, 1); \
	VPAND     Y1, Y2, Y2; \
	LOOKUP4(off+2, 2); \
	VPAND     Y1, Y2, Y2; \
	LOOKUP4(off+3, 3); \
	VPAND     Y1, Y2, Y2; \
	LOOKUP4(last, 4); \
	VPAND     Y1, Y2, Y2; \
	VPCMPEQB  Y8, Y2, Y2; \
	VPMOVMSKB Y2, AX

// HALF marks the 32 bytes at off(SI): offsets that fail in AX, digits in CX,
// "@" in DX.
#define HALF(off) \
	BUCKETS(off, off+5); \
	VMOVDQU   off(SI), Y0; \
	VPSUBB    Y5, Y0, Y1; \
	VPMINUB   Y6, Y1, Y2; \
	VPCMPEQB  Y1, Y2, Y2; \
	VPMOVMSKB Y2, CX; \
	VPCMPEQB  Y7, Y0, Y0; \
	VPMOVMSKB Y0, DX

// func markAVX2(text *byte, blocks int, m *marks, found, digits, ats *[...]uint64)
TEXT ·markAVX2(SB), NOSPLIT, $0-48
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ m+16(FP), BX
	MOVQ found+24(FP), R10
	MOVQ digits+32(FP), R11
	MOVQ ats+40(FP), R12
	VPBROADCASTQ nibble<>(SB), Y4
	VPBROADCASTQ zeroDigit<>(SB), Y5
	VPBROADCASTQ nine<>(SB), Y6
	VPBROADCASTQ atSign<>(SB), Y7
	VPXOR Y8, Y8, Y8

loop:
	HALF(0)
	MOVL AX, DI
	MOVL CX, R8
	MOVL DX, R13
	HALF(32)
	SHLQ $32, AX
	ORQ  DI, AX
	NOTQ AX
	MOVQ AX, (R10)
	SHLQ $32, CX
	ORQ  R8, CX
	MOVQ CX, (R11)
	SHLQ $32, DX
	ORQ  R13, DX
	MOVQ DX, (R12)
	ADDQ $8, R10
	ADDQ $8, R11
	ADDQ $8, R12
	ADDQ $64, SI
	DECQ R9
	JNZ  loop
	VZEROUPPER
	RET

DATA lanes8<>+0(SB)/8, $0x0000000100000000
DATA lanes8<>+8(SB)/8, $0x0000000300000002
DATA lanes8<>+16(SB)/8, $0x0000000500000004
DATA lanes8<>+24(SB)/8, $0x0000000700000006
GLOBL lanes8<>(SB), RODATA|NOPTR, $32

// TEST8 looks the hashes Y3 up in the bit set at p, whose shift is in the low
// dword of x, for the lanes in Y0, and leaves the answers in the low bits of y.
#define TEST8(p, x, y) \
	VPSRLD     x, Y3, Y4; \
	VMOVDQA    Y0, Y5; \
	VPXOR      Y6, Y6, Y6; \
	VPGATHERDD Y5, (p)(Y4*4), Y6; \
	VPSRLD     $1, Y3, Y4; \
	VPAND      Y15, Y4, Y4; \
	VPSRLVD    Y4, Y6, Y4; \
	VPSRLD     $6, Y3, Y5; \
	VPAND      Y15, Y5, Y5; \
	VPSRLVD    Y5, Y6, Y5; \
	VPAND      Y4, Y5, y

// func siftAVX2(found *uint32, n int, part *byte, base int, long *uint32, longShift uint32, short *uint32, shortShift, fold uint32, compress *[256][8]uint32) int
TEXT ·siftAVX2(SB), NOSPLIT, $0-80
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ long+32(FP), R10
	MOVL longShift+40(FP), AX
	VMOVD AX, X8
	MOVQ short+48(FP), R11
	MOVL shortShift+56(FP), AX
	VMOVD AX, X9
	MOVL fold+60(FP), AX
	VMOVD AX, X10
	VPBROADCASTD X10, Y10
	MOVL $0xcc9e2d51, AX
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	MOVL $0x1b873593, AX
	VMOVD AX, X12
	VPBROADCASTD X12, Y12
	MOVL $0x9e3779b1, AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	MOVL $0xffffff, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	MOVL $31, AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVQ compress+64(FP), BX
	MOVQ DI, R12
	MOVQ DI, R13

loop:
	// Y0 has the sign set in the lanes that are in use.
	VMOVD R9, X0
	VPBROADCASTD X0, Y0
	VPCMPGTD lanes8<>(SB), Y0, Y0
	VMOVDQU (DI), Y1

	// Bytes 0 to 3 in Y2 and 2 to 5 in Y3, folded if led by ASCII.
	VMOVDQA    Y0, Y4
	VPXOR      Y2, Y2, Y2
	VPGATHERDD Y4, (SI)(Y1*1), Y2
	VMOVDQA    Y0, Y4
	VPXOR      Y3, Y3, Y3
	VPGATHERDD Y4, 2(SI)(Y1*1), Y3
	VPSLLD     $24, Y2, Y4
	VPSRAD     $31, Y4, Y4
	VPANDN     Y10, Y4, Y4
	VPOR       Y4, Y2, Y2
	VPOR       Y4, Y3, Y3

	VPMULLD Y11, Y2, Y4
	VPMULLD Y12, Y3, Y3
	VPADDD  Y4, Y3, Y3
	VPSRLD  $15, Y3, Y4
	VPXOR   Y4, Y3, Y3
	VPMULLD Y13, Y3, Y3
	TEST8(R10, X8, Y7)

	TESTQ   R11, R11
	JZ      pack
	VPAND   Y14, Y2, Y3
	VPMULLD Y11, Y3, Y3
	VPSRLD  $15, Y3, Y4
	VPXOR   Y4, Y3, Y3
	VPMULLD Y13, Y3, Y3
	TEST8(R11, X9, Y4)
	VPOR    Y4, Y7, Y7

pack:
	VPSLLD    $31, Y7, Y7
	VPAND     Y0, Y7, Y7
	VMOVMSKPS Y7, AX
	MOVQ      AX, CX
	SHLQ      $5, CX
	VMOVDQU   (BX)(CX*1), Y4
	VPERMD    Y1, Y4, Y1
	VMOVDQU   Y1, (R12)
	POPCNTL   AX, AX
	LEAQ      (R12)(AX*4), R12
	ADDQ      $32, DI
	SUBQ      $8, R9
	JHI       loop

	SUBQ R13, R12
	SHRQ $2, R12
	MOVQ R12, ret+72(FP)
	VZEROUPPER
	RET
