//go:build !purego

#include "textflag.h"

DATA halves<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL halves<>(SB), RODATA|NOPTR, $8
DATA quoteSign<>+0(SB)/8, $0x2222222222222222
GLOBL quoteSign<>(SB), RODATA|NOPTR, $8
DATA commaSign<>+0(SB)/8, $0x2c2c2c2c2c2c2c2c
GLOBL commaSign<>(SB), RODATA|NOPTR, $8
DATA fromLeads<>+0(SB)/8, $0xc0c0c0c0c0c0c0c0
GLOBL fromLeads<>(SB), RODATA|NOPTR, $8
DATA topsMask<>+0(SB)/8, $0x6060606060606060
GLOBL topsMask<>(SB), RODATA|NOPTR, $8
DATA topsValue<>+0(SB)/8, $0x4040404040404040
GLOBL topsValue<>(SB), RODATA|NOPTR, $8
DATA kanaLead<>+0(SB)/8, $0xe3e3e3e3e3e3e3e3
GLOBL kanaLead<>(SB), RODATA|NOPTR, $8
DATA kanjiLeads<>+0(SB)/8, $0x0606060606060606
GLOBL kanjiLeads<>(SB), RODATA|NOPTR, $8
DATA beyondHalf<>+0(SB)/8, $0x7070707070707070
GLOBL beyondHalf<>(SB), RODATA|NOPTR, $8

// MASK leaves a bit for each byte of A and B in R; T is overwritten.
#define MASK(A, B, R, T) \
	VPMOVMSKB A, R; \
	VPMOVMSKB B, T; \
	SHLQ $32, T; \
	ORQ  T, R

// HALVES leaves the bit of the high half of the bytes in X there, and their low
// half in L.
#define HALVES(X, L) \
	VPAND   Y12, X, L; \
	VPSRLW  $4, X, X; \
	VPAND   Y12, X, X; \
	VPSHUFB X, Y13, X

// OUTSIDE shifts R8 by a bit that tells whether one of the first 64 bytes is not in
// the set at off(BX), of which the bytes of low halves have the bits of high ones.
#define OUTSIDE(off) \
	VBROADCASTI128 off(BX), Y12; \
	VPSHUFB   Y4, Y12, Y13; \
	VPSHUFB   Y5, Y12, Y14; \
	VPAND     Y0, Y13, Y13; \
	VPAND     Y1, Y14, Y14; \
	VPMINUB   Y13, Y14, Y13; \
	VPCMPEQB  Y15, Y13, Y13; \
	VPMOVMSKB Y13, AX; \
	NEGL      AX; \
	ADCL      R8, R8

// NOTAPART leaves a bit in R for each of 64 bytes, given by halves, that is not in
// the set in Y12.
#define NOTAPART(HA, HB, LA, LB, R, T) \
	VPSHUFB  LA, Y12, Y13; \
	VPSHUFB  LB, Y12, Y14; \
	VPAND    HA, Y13, Y13; \
	VPAND    HB, Y14, Y14; \
	VPCMPEQB Y15, Y13, Y13; \
	VPCMPEQB Y15, Y14, Y14; \
	MASK(Y13, Y14, R, T)

// KANA leaves bytes in K that are not zero where one of the 32 bytes at off(SI) leads
// kana or kanji, and in N where it begins none of the others that stand apart.
#define KANA(off, K, N) \
	VMOVDQU  off(SI), K; \
	VPSUBB   Y10, K, K; \
	VPADDUSB Y12, K, N; \
	VPSHUFB  N, Y4, N; \
	VPMINUB  Y11, K, Y0; \
	VPCMPEQB Y0, K, K; \
	VMOVDQU  (off+1)(SI), Y1; \
	VPSRLW   $4, Y1, Y0; \
	VPAND    Y9, Y1, Y1; \
	VPAND    Y9, Y0, Y0; \
	VPSHUFB  Y0, Y5, Y0; \
	VPSHUFB  Y1, Y6, Y1; \
	VPAND    Y0, N, N; \
	VPAND    Y1, N, N; \
	VMOVDQU  (off+2)(SI), Y1; \
	VPSRLW   $4, Y1, Y0; \
	VPAND    Y9, Y1, Y1; \
	VPAND    Y9, Y0, Y0; \
	VPSHUFB  Y0, Y7, Y0; \
	VPSHUFB  Y1, Y8, Y1; \
	VPAND    Y0, N, N; \
	VPAND    Y1, N, N; \
	VPCMPEQB Y15, N, N

// LEADS counts in C what an escape may begin with, of 32 bytes.
#define LEADS(off, C) \
	VMOVDQU  off(SI), Y0; \
	VPSHUFB  Y0, Y4, Y1; \
	VPCMPEQB Y0, Y1, Y1; \
	VPCMPEQB Y0, Y5, Y0; \
	VPOR     Y0, Y1, Y1; \
	VPSUBB   Y1, C, C

// func glanceAVX2(b *byte, t *glanceHalves, out *glance)
TEXT ·glanceAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ t+8(FP), BX
	MOVQ out+16(FP), DI
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3
	PREFETCHT0 512(SI)         // where the next place is
	PREFETCHT0 576(SI)
	PREFETCHT0 640(SI)
	PREFETCHT0 704(SI)
	VPXOR Y15, Y15, Y15

	VPBROADCASTQ quoteSign<>(SB), Y14
	VPCMPEQB Y14, Y0, Y4
	VPCMPEQB Y14, Y1, Y5
	MASK(Y4, Y5, AX, DX)
	MOVQ AX, (DI)
	VPBROADCASTQ commaSign<>(SB), Y14
	VPCMPEQB Y14, Y0, Y4
	VPCMPEQB Y14, Y1, Y5
	MASK(Y4, Y5, AX, DX)
	MOVQ AX, 8(DI)
	MASK(Y0, Y1, R9, DX)       // beyond ASCII
	MOVQ R9, 16(DI)
	MASK(Y2, Y3, R10, DX)
	VPBROADCASTQ fromLeads<>(SB), Y14
	VPCMPGTB Y0, Y14, Y4
	VPCMPGTB Y1, Y14, Y5
	MASK(Y4, Y5, R11, DX)      // but no first byte
	MOVQ R11, 56(DI)
	VPCMPGTB Y2, Y14, Y4
	VPCMPGTB Y3, Y14, Y5
	MASK(Y4, Y5, R12, DX)
	VPBROADCASTQ topsMask<>(SB), Y13
	VPBROADCASTQ topsValue<>(SB), Y14
	VPAND    Y13, Y0, Y4
	VPAND    Y13, Y1, Y5
	VPCMPEQB Y14, Y4, Y4
	VPCMPEQB Y14, Y5, Y5
	MASK(Y4, Y5, AX, DX)
	MOVQ AX, 24(DI)

	// Sets of characters of ASCII.
	VPBROADCASTQ halves<>(SB), Y12
	VBROADCASTI128 (BX), Y13
	HALVES(Y0, Y4)
	HALVES(Y1, Y5)
	HALVES(Y2, Y6)
	HALVES(Y3, Y7)
	XORL R8, R8
	TESTQ R9, R9
	JNZ  apart                 // of no use
	OUTSIDE(96)
	OUTSIDE(80)
	OUTSIDE(64)
	OUTSIDE(48)
	OUTSIDE(32)
	OUTSIDE(16)

apart:
	MOVL R8, 48(DI)
	VBROADCASTI128 112(BX), Y12
	NOTAPART(Y0, Y1, Y4, Y5, R8, DX)
	NOTAPART(Y2, Y3, Y6, Y7, CX, DX)
	ORQ  R9, R8
	NOTQ R8                    // what stands apart
	ORQ  R10, CX
	NOTQ CX

	// Characters of three bytes.
	MOVQ R9, AX
	ORQ  R10, AX
	JZ   ascii
	VBROADCASTI128 128(BX), Y4
	VBROADCASTI128 144(BX), Y5
	VBROADCASTI128 160(BX), Y6
	VBROADCASTI128 176(BX), Y7
	VBROADCASTI128 192(BX), Y8
	VPBROADCASTQ halves<>(SB), Y9
	VPBROADCASTQ kanaLead<>(SB), Y10
	VPBROADCASTQ kanjiLeads<>(SB), Y11
	VPBROADCASTQ beyondHalf<>(SB), Y12
	XORQ  R11, R9              // all that lead
	XORQ  R12, R10
	KANA(0, Y2, Y3)
	KANA(32, Y13, Y14)
	MASK(Y2, Y13, AX, DX)
	NOTQ  AX                   // those that lead neither kana nor kanji
	ANDQ  AX, R9
	ORQ   R9, R8
	MASK(Y3, Y14, AX, DX)
	NOTQ  AX
	ORQ   AX, R8
	KANA(64, Y2, Y3)
	KANA(96, Y13, Y14)
	MASK(Y2, Y13, AX, DX)
	NOTQ  AX
	ANDQ  AX, R10
	ORQ   R10, CX
	MASK(Y3, Y14, AX, DX)
	NOTQ  AX
	ORQ   AX, CX

ascii:
	MOVQ R8, 32(DI)
	MOVQ CX, 40(DI)

	// Leads of escapes.
	VBROADCASTI128 208(BX), Y4
	VBROADCASTI128 224(BX), Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	LEADS(0, Y6)
	LEADS(32, Y7)
	LEADS(64, Y6)
	LEADS(96, Y7)
	LEADS(128, Y6)
	LEADS(160, Y7)
	LEADS(192, Y6)
	LEADS(224, Y7)
	VPADDB  Y6, Y7, Y6
	VPSADBW Y15, Y6, Y6
	VEXTRACTI128 $1, Y6, X7
	VPADDQ  X7, X6, X6
	VPSRLDQ $8, X6, X7
	VPADDQ  X7, X6, X6
	VMOVQ   X6, AX
	MOVL    AX, 52(DI)
	VZEROUPPER
	RET
