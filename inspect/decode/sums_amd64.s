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
