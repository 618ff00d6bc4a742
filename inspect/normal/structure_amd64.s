//go:build !purego

#include "textflag.h"

// What a brace has and the bracket of its side has not.
DATA sides<>+0(SB)/8, $0x2020202020202020
GLOBL sides<>(SB), RODATA|NOPTR, $8
DATA opens<>+0(SB)/8, $0x7b7b7b7b7b7b7b7b
GLOBL opens<>(SB), RODATA|NOPTR, $8
DATA closes<>+0(SB)/8, $0x7d7d7d7d7d7d7d7d
GLOBL closes<>(SB), RODATA|NOPTR, $8
DATA quotes<>+0(SB)/8, $0x2222222222222222
GLOBL quotes<>(SB), RODATA|NOPTR, $8
DATA backslashes<>+0(SB)/8, $0x5c5c5c5c5c5c5c5c
GLOBL backslashes<>(SB), RODATA|NOPTR, $8
DATA commas<>+0(SB)/8, $0x2c2c2c2c2c2c2c2c
GLOBL commas<>(SB), RODATA|NOPTR, $8
DATA colons<>+0(SB)/8, $0x3a3a3a3a3a3a3a3a
GLOBL colons<>(SB), RODATA|NOPTR, $8

DATA less<>+0(SB)/8, $0x3c3c3c3c3c3c3c3c
GLOBL less<>(SB), RODATA|NOPTR, $8

// The characters of base64 and "%" by the halves of a byte, as in sextets_amd64.s.
DATA denseLow<>+0(SB)/8, $0x1e1e1f1e1e1e1e1a
DATA denseLow<>+8(SB)/8, $0x0d040504051c1e1e
GLOBL denseLow<>(SB), RODATA|NOPTR, $16
DATA denseHigh<>+0(SB)/8, $0x1004080402010000
DATA denseHigh<>+8(SB)/8, $0x0000000000000000
GLOBL denseHigh<>(SB), RODATA|NOPTR, $16
DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $8

// The characters of the other marks by the halves of a byte: a bit for each mark that
// both have, from the highest one on 22; 5C; 5B 7B; 5D 7D; 2C; 3A; 3C.
DATA markLow<>+0(SB)/8, $0x0000000000800000
DATA markLow<>+8(SB)/8, $0x0000104a20040000
GLOBL markLow<>(SB), RODATA|NOPTR, $16
DATA markHigh<>+0(SB)/8, $0x3000700006880000
DATA markHigh<>+8(SB)/8, $0x0000000000000000
GLOBL markHigh<>(SB), RODATA|NOPTR, $16

// MARKS leaves in M the marks of the bytes of D, and in D all bits set of those that
// are dense. A byte beyond ASCII finds nothing in the tables of low halves.
#define MARKS(D, M, T) \
	VPSRLW   $4, D, T; \
	VPAND    T, Y12, T; \
	VPSHUFB  D, Y8, M; \
	VPSHUFB  D, Y10, D; \
	VPSHUFB  T, Y9, Y4; \
	VPSHUFB  T, Y11, T; \
	VPAND    Y4, M, M; \
	VPAND    T, D, D; \
	VPCMPGTB Y13, D, D

// STORE leaves at off(DI) the highest bits of the bytes of A and B.
#define STORE(A, B, off) \
	VPMOVMSKB A, AX; \
	VPMOVMSKB B, DX; \
	MOVL      AX, off(DI); \
	MOVL      DX, (off+4)(DI)

// NEXT makes the next mark the highest bit, and stores it.
#define NEXT(off) \
	VPADDB Y2, Y2, Y2; \
	VPADDB Y3, Y3, Y3; \
	STORE(Y2, Y3, off)

// func structureAVX2(b *byte, blocks int, out *Structure)
TEXT ·structureAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VBROADCASTI128 markLow<>(SB), Y8
	VBROADCASTI128 markHigh<>(SB), Y9
	VBROADCASTI128 denseLow<>(SB), Y10
	VBROADCASTI128 denseHigh<>(SB), Y11
	VPBROADCASTQ nibble<>(SB), Y12
	VPXOR Y13, Y13, Y13

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	MARKS(Y0, Y2, Y5)
	MARKS(Y1, Y3, Y6)
	STORE(Y0, Y1, 48)
	STORE(Y2, Y3, 0)
	NEXT(8)
	NEXT(16)
	NEXT(24)
	NEXT(32)
	NEXT(40)
	NEXT(56)
	ADDQ $64, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func structureAVX512(b *byte, blocks int, t *[128]byte, out *Structure)
TEXT ·structureAVX512(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ out+24(FP), DI
	VMOVDQU64 (BX), Z16
	VMOVDQU64 64(BX), Z17
	VPBROADCASTQ sides<>(SB), Z8
	VPBROADCASTQ quotes<>(SB), Z9
	VPBROADCASTQ backslashes<>(SB), Z10
	VPBROADCASTQ opens<>(SB), Z11
	VPBROADCASTQ closes<>(SB), Z12
	VPBROADCASTQ commas<>(SB), Z13
	VPBROADCASTQ colons<>(SB), Z14
	VPBROADCASTQ less<>(SB), Z15

stretch:
	VMOVDQU64 (SI), Z0
	VPORQ     Z0, Z8, Z2
	VMOVDQA64 Z0, Z1
	VPERMI2B  Z17, Z16, Z1
	VPORQ     Z0, Z1, Z1
	VPCMPEQB  Z0, Z9, K1
	VPCMPEQB  Z0, Z10, K2
	VPCMPEQB  Z2, Z11, K3
	VPCMPEQB  Z2, Z12, K4
	VPCMPEQB  Z0, Z13, K5
	VPCMPEQB  Z0, Z14, K6
	VPMOVB2M  Z1, K7
	KNOTQ     K7, K7
	KMOVQ     K1, (DI)
	KMOVQ     K2, 8(DI)
	KMOVQ     K3, 16(DI)
	KMOVQ     K4, 24(DI)
	KMOVQ     K5, 32(DI)
	KMOVQ     K6, 40(DI)
	KMOVQ     K7, 48(DI)
	VPCMPEQB  Z0, Z15, K1
	KMOVQ     K1, 56(DI)
	ADDQ $64, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  stretch
	VZEROUPPER
	RET
