//go:build !purego

#include "textflag.h"

// Where the fields of eight normal.Structure stand, one after the other.
DATA eight<>+0(SB)/8, $0
DATA eight<>+8(SB)/8, $64
DATA eight<>+16(SB)/8, $128
DATA eight<>+24(SB)/8, $192
DATA eight<>+32(SB)/8, $256
DATA eight<>+40(SB)/8, $320
DATA eight<>+48(SB)/8, $384
DATA eight<>+56(SB)/8, $448
GLOBL eight<>(SB), RODATA|NOPTR, $64

// FIELD leaves that at off of each of eight in Z, of those one further in N.
#define FIELD(off, Z, N) \
	KXNORB       K1, K1, K1; \
	VPGATHERQQ   off(SI)(Z31*1), K1, Z; \
	VPBROADCASTQ (512+off)(SI), N; \
	VALIGNQ      $1, Z, N, N

// JOIN joins the bits of Z3, which those of Z4 follow, with those n behind.
#define JOIN(n) \
	VPSHRDQ $n, Z4, Z3, Z13; \
	VPSRLQ  $n, Z4, Z14; \
	VPANDQ  Z13, Z3, Z3; \
	VPANDQ  Z14, Z4, Z4

// func sumAVX512(m *normal.Structure, groups int, sums *sum)
TEXT ·sumAVX512(SB), NOSPLIT, $0-24
	MOVQ m+0(FP), SI
	MOVQ groups+8(FP), CX
	MOVQ sums+16(FP), DI
	XORQ DX, DX
	VMOVDQU64 eight<>(SB), Z31
	MOVQ $1, AX
	VPBROADCASTQ AX, Z30

group:
	FIELD(0, Z0, Z1)   // quotation marks
	FIELD(48, Z3, Z4)  // what is dense
	FIELD(56, Z5, Z6)  // "<"
	FIELD(40, Z7, Z8)  // colons
	KXNORB     K1, K1, K1
	VPGATHERQQ 8(SI)(Z31*1), K1, Z9 // backslashes
	JOIN(1)
	JOIN(2)
	JOIN(4)
	JOIN(8)
	JOIN(8)
	VPSHRDQ $1, Z4, Z3, Z3
	VPSHRDQ $1, Z6, Z5, Z5
	VPSHRDQ $5, Z8, Z7, Z7
	VPSHRDQ $4, Z1, Z0, Z1
	VPANDNQ Z7, Z1, Z7
	VPTERNLOGQ $0xfe, Z5, Z7, Z3 // any
	VPANDQ  Z0, Z3, Z3
	VPORQ   Z9, Z3, Z3
	VPOPCNTQ Z0, Z2
	VPTESTMQ Z3, Z3, K2
	VPTESTMQ Z0, Z0, K3
	VPTESTMQ Z30, Z2, K4
	KMOVB   K2, AX
	KMOVB   K3, BX
	KMOVB   K4, R8
	MOVB    AX, (DI)(DX*1)
	MOVB    BX, 8(DI)(DX*1)
	MOVB    R8, 16(DI)(DX*1)
	ADDQ    $512, SI
	INCQ    DX
	CMPQ    DX, $8
	JNE     same
	XORQ    DX, DX
	ADDQ    $24, DI

same:
	DECQ CX
	JNZ  group
	VZEROUPPER
	RET

// Where a nibble has an odd number of bits.
DATA parity<>+0(SB)/8, $0x0100000100010100
DATA parity<>+8(SB)/8, $0x0001010001000001
GLOBL parity<>(SB), RODATA|NOPTR, $16
DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $8

// TWO leaves the field at off of each of four stretches, from the one at by on, in A
// and the one behind it in B.
#define TWO(off, by, A, B) \
	VMOVDQU     (by+off)(SI), X12; \
	VINSERTI128 $1, (by+off+128)(SI), Y12, Y12; \
	VMOVDQU     (by+off+64)(SI), X13; \
	VINSERTI128 $1, (by+off+192)(SI), Y13, Y13; \
	VPUNPCKLQDQ Y13, Y12, A; \
	VPUNPCKHQDQ Y13, Y12, B

// SHIFT leaves in A the bits of A n further, which those of B follow.
#define SHIFT(n, A, B) \
	VPSLLQ $(64-n), B, Y13; \
	VPSRLQ $n, A, A; \
	VPOR   Y13, A, A

// ROW joins the bits of Y2, which those of Y4 follow, with those n behind.
#define ROW(n) \
	VMOVDQA Y2, Y12; \
	SHIFT(n, Y12, Y4); \
	VPSRLQ  $n, Y4, Y13; \
	VPAND   Y12, Y2, Y2; \
	VPAND   Y13, Y4, Y4

// func sumAVX2(m *normal.Structure, groups int, sums *sum)
TEXT ·sumAVX2(SB), NOSPLIT, $0-24
	MOVQ m+0(FP), SI
	MOVQ groups+8(FP), CX
	MOVQ sums+16(FP), DI
	XORQ DX, DX
	VPXOR Y15, Y15, Y15
	VBROADCASTI128 parity<>(SB), Y14
	VPBROADCASTQ nibble<>(SB), Y11

// FOUR leaves bits of four stretches from by on: where there is nothing to look at in
// LOOK, no quotation mark in QUOTED, an odd number in ODD.
#define FOUR(by, LOOK, QUOTED, ODD) \
	TWO(0, by, Y0, Y1); \
	TWO(48, by, Y2, Y3); \
	TWO(48, (by+64), Y4, Y5); \
	TWO(32, by, Y7, Y6); \
	TWO(32, (by+64), Y7, Y8); \
	TWO(0, (by+64), Y9, Y7); \
	ROW(1); \
	ROW(2); \
	ROW(4); \
	ROW(8); \
	ROW(8); \
	SHIFT(1, Y2, Y4); \
	SHIFT(1, Y3, Y5); \
	SHIFT(5, Y6, Y8); \
	VPSRLQ    $4, Y0, Y12; \
	VPSLLQ    $60, Y9, Y13; \
	VPOR      Y13, Y12, Y12; \
	VPANDN    Y6, Y12, Y6; \
	VPOR      Y3, Y2, Y2; \
	VPOR      Y6, Y2, Y2; \
	VPAND     Y0, Y2, Y2; \
	VPOR      Y1, Y2, Y2; \
	VPCMPEQQ  Y15, Y2, Y2; \
	VMOVMSKPD Y2, LOOK; \
	VPCMPEQQ  Y15, Y0, Y2; \
	VMOVMSKPD Y2, QUOTED; \
	VPSRLQ    $4, Y0, Y2; \
	VPXOR     Y2, Y0, Y0; \
	VPAND     Y11, Y0, Y0; \
	VPSHUFB   Y0, Y14, Y0; \
	VPSADBW   Y15, Y0, Y0; \
	VPSLLQ    $63, Y0, Y0; \
	VMOVMSKPD Y0, ODD

eight:
	FOUR(0, AX, BX, R8)
	FOUR(256, R9, R10, R11)
	SHLL $4, R9
	SHLL $4, R10
	SHLL $4, R11
	ORL  R9, AX
	ORL  R10, BX
	ORL  R11, R8
	NOTL AX
	NOTL BX
	MOVB AX, (DI)(DX*1)
	MOVB BX, 8(DI)(DX*1)
	MOVB R8, 16(DI)(DX*1)
	ADDQ $512, SI
	INCQ DX
	CMPQ DX, $8
	JNE  on
	XORQ DX, DX
	ADDQ $24, DI

on:
	DECQ CX
	JNZ  eight
	VZEROUPPER
	RET
