//go:build !purego

#include "textflag.h"

DATA iota<>+0(SB)/8, $0x0706050403020100
DATA iota<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA iota<>+16(SB)/8, $0x1716151413121110
DATA iota<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA iota<>+32(SB)/8, $0x2726252423222120
DATA iota<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA iota<>+48(SB)/8, $0x3736353433323130
DATA iota<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL iota<>(SB), RODATA|NOPTR, $64

// LOOKUP looks up the bytes at off(SI) in the low table lo and the high table
// hi. VPERMB uses only the low six bits of each index byte: of the byte itself,
// and of the byte shifted right by two.
#define LOOKUP(off, lo, hi, a, b, c) \
	VMOVDQU8 off(SI), a; \
	VPERMB   lo, a, b; \
	VPSRLW   $2, a, c; \
	VPERMB   hi, c, c

// EXPAND turns the offset bytes in the low quarter of z (as x) into dwords on
// top of Z31 and stores 16 of them at off(p).
#define EXPAND(x, z, off, p) \
	VPMOVZXBD x, z; \
	VPADDD    Z31, z, z; \
	VMOVDQU32 z, off(p)

// TABLES loads the low and high tables at BX.
#define TABLES \
	VMOVDQU8 0(BX), Z16; \
	VMOVDQU8 64(BX), Z17; \
	VMOVDQU8 128(BX), Z18; \
	VMOVDQU8 192(BX), Z19; \
	VMOVDQU8 256(BX), Z20; \
	VMOVDQU8 320(BX), Z21; \
	VMOVDQU8 384(BX), Z22; \
	VMOVDQU8 448(BX), Z23; \
	VMOVDQU8 512(BX), Z24; \
	VMOVDQU8 576(BX), Z25

// PASSES leaves in Z3 the buckets whose marks pass at each byte and the four behind.
#define PASSES \
	LOOKUP(0, Z16, Z21, Z0, Z1, Z2); \
	VPANDD Z1, Z2, Z3; \
	LOOKUP(1, Z17, Z22, Z4, Z5, Z6); \
	VPTERNLOGD $0x80, Z5, Z6, Z3; \
	LOOKUP(2, Z18, Z23, Z7, Z8, Z9); \
	VPTERNLOGD $0x80, Z8, Z9, Z3; \
	LOOKUP(3, Z19, Z24, Z10, Z11, Z12); \
	VPTERNLOGD $0x80, Z11, Z12, Z3; \
	LOOKUP(4, Z20, Z25, Z4, Z5, Z6); \
	VPTERNLOGD $0x80, Z5, Z6, Z3

// LITERALS is PASSES for literals: of each byte, the three behind and the fifth, with
// the high six bits of the first two. Z0 is the text.
#define LITERALS \
	LOOKUP(0, Z16, Z21, Z0, Z1, Z2); \
	VPANDD Z1, Z2, Z3; \
	LOOKUP(1, Z17, Z22, Z4, Z5, Z6); \
	VPTERNLOGD $0x80, Z5, Z6, Z3; \
	VMOVDQU8 2(SI), Z4; \
	VPERMB Z18, Z4, Z5; \
	VMOVDQU8 3(SI), Z6; \
	VPERMB Z19, Z6, Z7; \
	VPTERNLOGD $0x80, Z5, Z7, Z3; \
	VMOVDQU8 5(SI), Z8; \
	VPERMB Z20, Z8, Z9; \
	VPANDD Z9, Z3, Z3

// FOUND stores the offsets in the mask AX (and K1) at DI, 16 of them, counts
// them in CX, and goes to many, which comes back behind it, for the others.
#define FOUND(many) \
	POPCNTQ  AX, CX; \
	VPCOMPRESSB.Z Z30, K1, Z1; \
	EXPAND(X1, Z2, 0, DI); \
	CMPQ     CX, $16; \
	JHI      many

// MANY stores the offsets beyond the first 16 in Z1.
#define MANY(p) \
	VEXTRACTI32X4 $1, Z1, X4; \
	EXPAND(X4, Z4, 64, p); \
	VEXTRACTI32X4 $2, Z1, X4; \
	EXPAND(X4, Z4, 128, p); \
	VEXTRACTI32X4 $3, Z1, X4; \
	EXPAND(X4, Z4, 192, p)

// AHEAD asks for what comes a chunk later. The processor itself does not look
// beyond a page, and what is done with a chunk makes it forget the text.
#define AHEAD PREFETCHT0 4096(SI)

// func markAVX512(text *byte, blocks, base int, m *marks, found *uint32, edges *int32, ats *[...]uint64, carry uint64) (nf, ne int, seen uint64)
TEXT ·markAVX512(SB), NOSPLIT, $0-88
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), AX
	MOVQ m+24(FP), BX
	MOVQ found+32(FP), DI
	MOVQ edges+40(FP), R11
	MOVQ ats+48(FP), R10
	MOVQ carry+56(FP), R8

	TABLES
	VMOVDQU8 iota<>(SB), Z30
	VPBROADCASTD AX, Z31
	MOVL $64, AX
	VPBROADCASTD AX, Z29
	MOVL $0x30303030, AX
	VPBROADCASTD AX, Z27
	MOVL $0x0a0a0a0a, AX
	VPBROADCASTD AX, Z28
	MOVL $0x40404040, AX
	VPBROADCASTD AX, Z26
	MOVQ DI, R12
	MOVQ R11, R13
	KXORQ K6, K6, K6

loop:
	AHEAD
	LITERALS

	// Digits: where being one changes.
	VPSUBB  Z27, Z0, Z13
	VPCMPUB $1, Z28, Z13, K2
	KMOVQ   K2, DX
	LEAQ    (R8)(DX*2), BX
	XORQ    DX, BX
	MOVQ    DX, R8
	SHRQ    $63, R8

	// "@"
	VPCMPEQB Z26, Z0, K4
	KORQ     K4, K6, K6
	KMOVQ    K4, (R10)
	ADDQ     $8, R10

	// Offsets that pass the marks.
	VPTESTMB Z3, Z3, K1
	KMOVQ    K1, AX
	FOUND(manyFound)

foundDone:
	LEAQ (DI)(CX*4), DI

	TESTQ    BX, BX
	JZ       next // foreseen more often than not: digits stand near digits
	KMOVQ    BX, K3
	POPCNTQ  BX, CX
	VPCOMPRESSB.Z Z30, K3, Z1
	VEXTRACTI32X4 $1, Z1, X4
	EXPAND(X1, Z2, 0, R11)
	EXPAND(X4, Z4, 64, R11)
	CMPQ     CX, $32 // more than 16 are common in base64: no branch for them
	JHI      manyEdges

edgesDone:
	LEAQ (R11)(CX*4), R11

next:
	VPADDD Z29, Z31, Z31
	ADDQ   $64, SI
	DECQ   R9
	JNZ    loop

	SUBQ R12, DI
	SHRQ $2, DI
	MOVQ DI, nf+64(FP)
	SUBQ R13, R11
	SHRQ $2, R11
	MOVQ R11, ne+72(FP)
	KMOVQ K6, seen+80(FP)
	VZEROUPPER
	RET

manyFound:
	MANY(DI)
	JMP foundDone

manyEdges:
	VEXTRACTI32X4 $2, Z1, X4
	EXPAND(X4, Z4, 128, R11)
	VEXTRACTI32X4 $3, Z1, X4
	EXPAND(X4, Z4, 192, R11)
	JMP edgesDone

// func literalsAVX512(text *byte, blocks, base int, m *marks, found *uint32) int
TEXT ·literalsAVX512(SB), NOSPLIT, $0-48
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), AX
	MOVQ m+24(FP), BX
	MOVQ found+32(FP), DI
	TABLES
	VMOVDQU8 iota<>(SB), Z30
	VPBROADCASTD AX, Z31
	MOVL $64, AX
	VPBROADCASTD AX, Z29
	MOVQ DI, R12

loop:
	AHEAD
	LITERALS

	VPTESTMB Z3, Z3, K1
	KMOVQ    K1, AX
	TESTQ    AX, AX
	JZ       next // foreseen: most blocks have none, or most have some
	FOUND(manyFound)

foundDone:
	LEAQ   (DI)(CX*4), DI

next:
	VPADDD Z29, Z31, Z31
	ADDQ   $64, SI
	DECQ   R9
	JNZ    loop

	SUBQ R12, DI
	SHRQ $2, DI
	MOVQ DI, ret+40(FP)
	VZEROUPPER
	RET

manyFound:
	MANY(DI)
	JMP foundDone

// func shapesAVX512(text *byte, blocks, base int, m *marks, found *uint32) int
TEXT ·shapesAVX512(SB), NOSPLIT, $0-48
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), AX
	MOVQ m+24(FP), BX
	MOVQ found+32(FP), DI
	TABLES
	VMOVDQU8 iota<>(SB), Z30
	VPBROADCASTD AX, Z31
	MOVL $64, AX
	VPBROADCASTD AX, Z29
	MOVQ DI, R12

loop:
	AHEAD
	PASSES

	VPTESTMB Z3, Z3, K1
	KMOVQ    K1, AX
	TESTQ    AX, AX
	JZ       next // as above
	FOUND(manyFound)

foundDone:
	LEAQ   (DI)(CX*4), DI

next:
	VPADDD Z29, Z31, Z31
	ADDQ   $64, SI
	DECQ   R9
	JNZ    loop

	SUBQ R12, DI
	SHRQ $2, DI
	MOVQ DI, ret+40(FP)
	VZEROUPPER
	RET

manyFound:
	MANY(DI)
	JMP foundDone

// HASH mixes h in place. Z24 holds hash3.
#define HASH(h, tmp) \
	VPSRLD  $15, h, tmp; \
	VPXORD  tmp, h, h; \
	VPMULLD Z24, h, h

// TEST looks the hashes h up in the bit set at base p, whose shift is in z, for
// the lanes K7, and puts the lanes that are in it into k.
#define TEST(h, p, z, k) \
	VPSRLVD    z, h, Z4; \
	KMOVW      K7, K1; \
	VPXORD     Z6, Z6, Z6; \
	VPGATHERDD (p)(Z4*4), K1, Z6; \
	VPSRLD     $1, h, Z7; \
	VPRORVD    Z7, Z6, Z7; \
	VPSRLD     $6, h, Z8; \
	VPRORVD    Z8, Z6, Z8; \
	VPANDD     Z7, Z8, Z7; \
	VPTESTMD   Z26, Z7, K7, k

// func siftAVX512(found *uint32, n int, part *byte, base int, long *uint32, longShift uint32, short *uint32, shortShift, fold uint32) int
TEXT ·siftAVX512(SB), NOSPLIT, $0-72
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ long+32(FP), R10
	MOVL longShift+40(FP), AX
	VPBROADCASTD AX, Z25
	MOVQ short+48(FP), R11
	MOVL shortShift+56(FP), AX
	VPBROADCASTD AX, Z28
	MOVL fold+60(FP), AX
	VPBROADCASTD AX, Z21
	MOVL $0x80, AX
	VPBROADCASTD AX, Z20
	MOVL $0xcc9e2d51, AX
	VPBROADCASTD AX, Z22
	MOVL $0x1b873593, AX
	VPBROADCASTD AX, Z23
	MOVL $0x9e3779b1, AX
	VPBROADCASTD AX, Z24
	MOVL $1, AX
	VPBROADCASTD AX, Z26
	MOVL $0xffffff, AX
	VPBROADCASTD AX, Z27
	MOVQ DI, R12
	MOVQ DI, R13
	KXNORW K7, K7, K7

loop:
	CMPQ R9, $16
	JAE  full
	MOVQ R9, CX
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K7

full:
	VMOVDQU32 (DI), Z5

	// Bytes 0 to 3 and 2 to 5.
	KMOVW      K7, K1
	KMOVW      K7, K2
	VPXORD     Z1, Z1, Z1
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (SI)(Z5*1), K1, Z1
	VPGATHERDD 2(SI)(Z5*1), K2, Z2
	VPTESTNMD  Z20, Z1, K3
	VPORD      Z21, Z1, K3, Z1
	VPORD      Z21, Z2, K3, Z2

	VPMULLD Z22, Z1, Z3
	VPMULLD Z23, Z2, Z4
	VPADDD  Z4, Z3, Z3
	HASH(Z3, Z4)
	TEST(Z3, R10, Z25, K4)

	TESTQ   R11, R11
	JZ      compress
	VPANDD  Z27, Z1, Z3
	VPMULLD Z22, Z3, Z3
	HASH(Z3, Z4)
	TEST(Z3, R11, Z28, K5)
	KORW    K5, K4, K4

compress:
	VPCOMPRESSD.Z Z5, K4, Z5
	VMOVDQU32 Z5, (R12)
	KMOVW     K4, AX
	POPCNTL   AX, AX
	LEAQ      (R12)(AX*4), R12
	ADDQ      $64, DI
	SUBQ      $16, R9
	JHI       loop

	SUBQ R13, R12
	SHRQ $2, R12
	MOVQ R12, ret+64(FP)
	VZEROUPPER
	RET
