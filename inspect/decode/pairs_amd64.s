//go:build !purego

#include "textflag.h"

// Sets of pairs of bytes that may follow each other in text, each the product
// of sets of half bytes (see pairs in pairs.go): the byte before by its high
// and low half, the byte itself by its high and low half.

DATA utf8Bits<>+0(SB)/8, $0x0707070707070707
GLOBL utf8Bits<>(SB), RODATA|NOPTR, $8
DATA low<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL low<>(SB), RODATA|NOPTR, $8
DATA cp932Bits<>+0(SB)/8, $0xf8f8f8f8f8f8f8f8
GLOBL cp932Bits<>(SB), RODATA|NOPTR, $8
DATA anyHigh<>+0(SB)/8, $0x7878787878787878
GLOBL anyHigh<>(SB), RODATA|NOPTR, $8
DATA anyLow<>+0(SB)/8, $0x6060606060606060
GLOBL anyLow<>(SB), RODATA|NOPTR, $8
DATA word<>+0(SB)/8, $64
GLOBL word<>(SB), RODATA|NOPTR, $8

// func pairsAVX2(b *byte, blocks int, t *[4][16]byte, out *[2]uint64)
TEXT ·pairsAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ out+24(FP), DI
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VPBROADCASTQ low<>(SB), Y14
	VPBROADCASTQ utf8Bits<>(SB), Y13
	VPXOR Y15, Y15, Y15

// PAIRS leaves a bit for each of the 32 bytes at off(SI) that does not go with
// the one before it: in U in UTF-8, in C in CP932.
#define PAIRS(off, U, C) \
	VMOVDQU   off(SI), Y0; \
	VMOVDQU   (off-1)(SI), Y1; \
	VPSRLW    $4, Y1, Y2; \
	VPAND     Y14, Y2, Y2; \
	VPSHUFB   Y2, Y8, Y2; \
	VPAND     Y14, Y1, Y1; \
	VPSHUFB   Y1, Y9, Y1; \
	VPAND     Y1, Y2, Y2; \
	VPSRLW    $4, Y0, Y1; \
	VPAND     Y14, Y1, Y1; \
	VPSHUFB   Y1, Y10, Y1; \
	VPAND     Y1, Y2, Y2; \
	VPAND     Y14, Y0, Y0; \
	VPSHUFB   Y0, Y11, Y0; \
	VPAND     Y0, Y2, Y2; \
	VPAND     Y13, Y2, Y0; \
	VPANDN    Y2, Y13, Y2; \
	VPCMPEQB  Y15, Y0, Y0; \
	VPMOVMSKB Y0, U; \
	VPCMPEQB  Y15, Y2, Y2; \
	VPMOVMSKB Y2, C

loop:
	PAIRS(0, AX, R8)
	PAIRS(32, DX, R9)
	SHLQ $32, DX
	ORQ  DX, AX
	NOTQ AX
	MOVQ AX, (DI)
	SHLQ $32, R9
	ORQ  R9, R8
	NOTQ R8
	MOVQ R8, 8(DI)
	ADDQ $16, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func bothPairsAVX2(b *byte, blocks int, t *[2][4][16]byte, narrow, wide *[2]uint64)
TEXT ·bothPairsAVX2(SB), NOSPLIT, $0-40
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ narrow+24(FP), DI
	MOVQ wide+32(FP), DX
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VBROADCASTI128 64(BX), Y12
	VBROADCASTI128 80(BX), Y13
	VBROADCASTI128 96(BX), Y14
	VBROADCASTI128 112(BX), Y15
	VPBROADCASTQ low<>(SB), Y7
	VPBROADCASTQ anyHigh<>(SB), Y6
	VPBROADCASTQ anyLow<>(SB), Y5

// ANY stores a bit for each byte of v of which one of the low three bits is set at
// off of out, for each of which another one is 8 further: adding brings these to
// the highest bit. What comes from the byte beside is less than what is asked for.
#define ANY(v, out, off) \
	VPADDUSB  Y6, v, Y4; \
	VPSLLW    $5, v, v; \
	VPADDUSB  Y5, v, v; \
	VPMOVMSKB v, AX; \
	VPMOVMSKB Y4, BX; \
	MOVL      AX, off(out); \
	MOVL      BX, (off+8)(out)

// BOTH is PAIRS with the two tables, for half k of a block. The low half of the byte
// before says nothing in the first, which is pairs.
#define BOTH(k) \
	VMOVDQU   (32*k)(SI), Y0; \
	VMOVDQU   (32*k-1)(SI), Y1; \
	VPSRLW    $4, Y1, Y2; \
	VPAND     Y7, Y2, Y2; \
	VPAND     Y7, Y1, Y1; \
	VPSHUFB   Y2, Y8, Y3; \
	VPSHUFB   Y2, Y12, Y2; \
	VPSHUFB   Y1, Y13, Y1; \
	VPAND     Y1, Y2, Y2; \
	VPSRLW    $4, Y0, Y1; \
	VPAND     Y7, Y1, Y1; \
	VPAND     Y7, Y0, Y0; \
	VPSHUFB   Y1, Y10, Y4; \
	VPAND     Y4, Y3, Y3; \
	VPSHUFB   Y0, Y11, Y4; \
	VPAND     Y4, Y3, Y3; \
	VPSHUFB   Y1, Y14, Y1; \
	VPAND     Y1, Y2, Y2; \
	VPSHUFB   Y0, Y15, Y0; \
	VPAND     Y0, Y2, Y2; \
	ANY(Y3, DI, 4*k); \
	ANY(Y2, DX, 4*k)

both:
	BOTH(0)
	BOTH(1)
	ADDQ $16, DI
	ADDQ $16, DX
	ADDQ $64, SI
	DECQ CX
	JNZ  both
	VZEROUPPER
	RET

// func rowsAVX2(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64)
TEXT ·rowsAVX2(SB), NOSPLIT, $0-32
	MOVQ pairs+0(FP), SI
	MOVQ groups+8(FP), CX
	MOVQ by+16(FP), BX
	MOVQ rows+24(FP), DI
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VPBROADCASTQ word<>(SB), Y15
	VPSUBQ Y8, Y15, Y12
	VPSUBQ Y9, Y15, Y13
	VPSUBQ Y10, Y15, Y14
	VPSUBQ Y11, Y15, Y15

// LAST joins the bits of HERE, which those of NEXT follow, with those N behind. M
// is 64 less N; shifted by 64, nothing is left.
#define LAST(HERE, NEXT, N, M) \
	VPSRLVQ N, HERE, Y4; \
	VPSLLVQ M, NEXT, Y5; \
	VPOR    Y4, Y5, Y4; \
	VPAND   Y4, HERE, HERE

// ALONG is LAST for both.
#define ALONG(HERE, NEXT, N, M) \
	LAST(HERE, NEXT, N, M); \
	VPSRLVQ N, NEXT, Y4; \
	VPAND   Y4, NEXT, NEXT

rows:
	VMOVDQU (SI), Y0
	VMOVDQU 16(SI), Y1
	VMOVDQU 32(SI), Y2
	VMOVDQU 48(SI), Y3
	ALONG(Y0, Y1, Y8, Y12)
	ALONG(Y2, Y3, Y8, Y12)
	ALONG(Y0, Y1, Y9, Y13)
	ALONG(Y2, Y3, Y9, Y13)
	ALONG(Y0, Y1, Y10, Y14)
	ALONG(Y2, Y3, Y10, Y14)
	LAST(Y0, Y1, Y11, Y15)
	LAST(Y2, Y3, Y11, Y15)
	VPXOR     Y4, Y4, Y4
	VPCMPEQQ  Y4, Y0, Y0
	VPCMPEQQ  Y4, Y2, Y2
	VMOVMSKPD Y0, AX
	VMOVMSKPD Y2, BX
	SHLL $4, BX
	ORL  BX, AX
	NOTL AX
	MOVB AX, (DI)
	ADDQ $64, SI
	INCQ DI
	DECQ CX
	JNZ  rows
	VZEROUPPER
	RET

// Every second bit.
DATA evens<>+0(SB)/8, $0x5555555555555555
DATA evens<>+8(SB)/8, $0x5555555555555555
DATA evens<>+16(SB)/8, $0x5555555555555555
DATA evens<>+24(SB)/8, $0x5555555555555555
GLOBL evens<>(SB), RODATA|NOPTR, $32
DATA odds<>+0(SB)/8, $0xaaaaaaaaaaaaaaaa
DATA odds<>+8(SB)/8, $0xaaaaaaaaaaaaaaaa
DATA odds<>+16(SB)/8, $0xaaaaaaaaaaaaaaaa
DATA odds<>+24(SB)/8, $0xaaaaaaaaaaaaaaaa
GLOBL odds<>(SB), RODATA|NOPTR, $32

// func wideRowsAVX2(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64)
// A row of sixteen every second bit fills them in some sixteen bits of a block: where
// none are filled, as is usual, there is no row but of those that are alone.
TEXT ·wideRowsAVX2(SB), NOSPLIT, $0-32
	MOVQ pairs+0(FP), SI
	MOVQ groups+8(FP), CX
	MOVQ by+16(FP), BX
	MOVQ rows+24(FP), DI
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VPBROADCASTQ word<>(SB), Y15
	VPSUBQ Y8, Y15, Y12
	VPSUBQ Y9, Y15, Y13
	VPSUBQ Y10, Y15, Y14
	VPSUBQ Y11, Y15, Y15
	VPCMPEQB Y7, Y7, Y7
	MOVL $0xaa, R8             // the second of two bits, unless rows are told of

// FILLED adds to Y6 where the bits of R are filled.
#define FILLED(R) \
	VPOR     evens<>(SB), R, Y4; \
	VPOR     odds<>(SB), R, Y5; \
	VPCMPEQW Y7, Y4, Y4; \
	VPCMPEQW Y7, Y5, Y5; \
	VPOR     Y4, Y6, Y6; \
	VPOR     Y5, Y6, Y6

wideRows:
	VMOVDQU (SI), Y0
	VMOVDQU 16(SI), Y1
	VMOVDQU 32(SI), Y2
	VMOVDQU 48(SI), Y3
	VPXOR   Y6, Y6, Y6
	FILLED(Y0)
	FILLED(Y1)
	FILLED(Y3)
	VPTEST  Y6, Y6
	JNZ     joined

alone:
	VPXOR     Y4, Y4, Y4
	VPCMPEQQ  Y4, Y0, Y0
	VPCMPEQQ  Y4, Y2, Y2
	VMOVMSKPD Y0, AX
	VMOVMSKPD Y2, BX
	SHLL $4, BX
	ORL  BX, AX
	NOTL AX
	ANDL R8, AX
	MOVB AX, (DI)
	ADDQ $64, SI
	INCQ DI
	MOVL $0xaa, R8
	DECQ CX
	JNZ  wideRows
	VZEROUPPER
	RET

joined:
	ALONG(Y0, Y1, Y8, Y12)
	ALONG(Y2, Y3, Y8, Y12)
	ALONG(Y0, Y1, Y9, Y13)
	ALONG(Y2, Y3, Y9, Y13)
	ALONG(Y0, Y1, Y10, Y14)
	ALONG(Y2, Y3, Y10, Y14)
	LAST(Y0, Y1, Y11, Y15)
	LAST(Y2, Y3, Y11, Y15)
	MOVL $0xff, R8
	JMP  alone

// func pairsAVX512(b *byte, blocks int, t *[4][16]byte, out *[2]uint64)
TEXT ·pairsAVX512(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ out+24(FP), DI
	VBROADCASTI32X4 (BX), Z8
	VBROADCASTI32X4 16(BX), Z9
	VBROADCASTI32X4 32(BX), Z10
	VBROADCASTI32X4 48(BX), Z11
	VPBROADCASTQ low<>(SB), Z14
	VPBROADCASTQ utf8Bits<>(SB), Z13
	VPBROADCASTQ cp932Bits<>(SB), Z12

loop512:
	VMOVDQU64 (SI), Z0
	VMOVDQU64 -1(SI), Z1
	VPSRLW    $4, Z1, Z2
	VPANDQ    Z14, Z2, Z2
	VPSHUFB   Z2, Z8, Z2
	VPANDQ    Z14, Z1, Z1
	VPSHUFB   Z1, Z9, Z1
	VPSRLW    $4, Z0, Z3
	VPANDQ    Z14, Z3, Z3
	VPSHUFB   Z3, Z10, Z3
	VPANDQ    Z14, Z0, Z0
	VPSHUFB   Z0, Z11, Z0
	VPTERNLOGQ $0x80, Z1, Z2, Z3
	VPANDQ    Z0, Z3, Z3
	VPTESTMB  Z13, Z3, K1
	VPTESTMB  Z12, Z3, K2
	KMOVQ     K1, (DI)
	KMOVQ     K2, 8(DI)
	ADDQ $16, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  loop512
	VZEROUPPER
	RET

// func bothPairsAVX512(b *byte, blocks int, t *[2][4][16]byte, narrow, wide *[2]uint64)
TEXT ·bothPairsAVX512(SB), NOSPLIT, $0-40
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ narrow+24(FP), DI
	MOVQ wide+32(FP), DX
	VBROADCASTI32X4 (BX), Z8
	VBROADCASTI32X4 16(BX), Z9
	VBROADCASTI32X4 32(BX), Z10
	VBROADCASTI32X4 48(BX), Z11
	VBROADCASTI32X4 64(BX), Z16
	VBROADCASTI32X4 80(BX), Z17
	VBROADCASTI32X4 96(BX), Z18
	VBROADCASTI32X4 112(BX), Z19
	VPBROADCASTQ low<>(SB), Z14
	VPBROADCASTQ utf8Bits<>(SB), Z13
	VPBROADCASTQ cp932Bits<>(SB), Z12

loop:
	VMOVDQU64 (SI), Z0
	VMOVDQU64 -1(SI), Z1
	VPSRLW    $4, Z1, Z2
	VPANDQ    Z14, Z2, Z2
	VPANDQ    Z14, Z1, Z1
	VPSRLW    $4, Z0, Z3
	VPANDQ    Z14, Z3, Z3
	VPANDQ    Z14, Z0, Z0
	VPSHUFB   Z2, Z8, Z4
	VPSHUFB   Z1, Z9, Z5
	VPSHUFB   Z3, Z10, Z6
	VPSHUFB   Z0, Z11, Z7
	VPSHUFB   Z2, Z16, Z2
	VPSHUFB   Z1, Z17, Z1
	VPSHUFB   Z3, Z18, Z3
	VPSHUFB   Z0, Z19, Z0
	VPTERNLOGQ $0x80, Z4, Z5, Z6
	VPTERNLOGQ $0x80, Z2, Z1, Z3
	VPANDQ    Z6, Z7, Z7
	VPANDQ    Z3, Z0, Z0
	VPTESTMB  Z13, Z7, K1
	VPTESTMB  Z12, Z7, K2
	VPTESTMB  Z13, Z0, K3
	VPTESTMB  Z12, Z0, K4
	KMOVQ     K1, (DI)
	KMOVQ     K2, 8(DI)
	KMOVQ     K3, (DX)
	KMOVQ     K4, 8(DX)
	ADDQ $16, DI
	ADDQ $16, DX
	ADDQ $64, SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func rowsAVX512(pairs *[2]uint64, groups int, by *rowShifts, rows *uint64)
TEXT ·rowsAVX512(SB), NOSPLIT, $0-32
	MOVQ pairs+0(FP), SI
	MOVQ groups+8(FP), CX
	MOVQ by+16(FP), BX
	MOVQ rows+24(FP), DI
	VBROADCASTI32X4 (BX), Z8
	VBROADCASTI32X4 16(BX), Z9
	VBROADCASTI32X4 32(BX), Z10
	VBROADCASTI32X4 48(BX), Z11

// JOIN joins the bits of Z0, which those of Z1 follow, with those N behind.
#define JOIN(N) \
	VMOVDQA64 Z0, Z2; \
	VPSHRDVQ  N, Z1, Z2; \
	VPSRLVQ   N, Z1, Z3; \
	VPANDQ    Z2, Z0, Z0; \
	VPANDQ    Z3, Z1, Z1

group:
	VMOVDQU64 (SI), Z0
	VMOVDQU64 16(SI), Z1
	JOIN(Z8)
	JOIN(Z9)
	JOIN(Z10)
	VMOVDQA64 Z0, Z2
	VPSHRDVQ  Z11, Z1, Z2
	VPTESTMQ  Z2, Z0, K1
	KMOVB     K1, AX
	MOVB      AX, (DI)
	ADDQ $64, SI
	INCQ DI
	DECQ CX
	JNZ  group
	VZEROUPPER
	RET
