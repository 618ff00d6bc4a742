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

// MARK leaves at off(DI) a bit for each byte of Y0 and Y1 that equals Y's.
#define MARK(A, B, Y, off) \
	VPCMPEQB  A, Y, Y4; \
	VPCMPEQB  B, Y, Y5; \
	VPMOVMSKB Y4, AX; \
	VPMOVMSKB Y5, DX; \
	SHLQ      $32, DX; \
	ORQ       DX, AX; \
	MOVQ      AX, off(DI)

// DENSE leaves a bit set in each byte of R for a byte of Y that is not dense.
#define DENSE(Y, R) \
	VPBROADCASTQ   nibble<>(SB), Y7; \
	VPSRLW         $4, Y, Y2; \
	VPAND          Y2, Y7, Y2; \
	VBROADCASTI128 denseLow<>(SB), Y6; \
	VPSHUFB        Y, Y6, Y3; \
	VBROADCASTI128 denseHigh<>(SB), Y6; \
	VPSHUFB        Y2, Y6, Y2; \
	VPAND          Y2, Y3, Y2; \
	VPXOR          Y7, Y7, Y7; \
	VPCMPEQB       Y2, Y7, R

// func structureAVX2(b *byte, blocks int, out *Structure)
TEXT ·structureAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VPBROADCASTQ sides<>(SB), Y8
	VPBROADCASTQ quotes<>(SB), Y9
	VPBROADCASTQ backslashes<>(SB), Y10
	VPBROADCASTQ opens<>(SB), Y11
	VPBROADCASTQ closes<>(SB), Y12
	VPBROADCASTQ commas<>(SB), Y13
	VPBROADCASTQ colons<>(SB), Y14
	VPBROADCASTQ less<>(SB), Y15

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPOR    Y0, Y8, Y2
	VPOR    Y1, Y8, Y3
	MARK(Y0, Y1, Y9, 0)
	MARK(Y0, Y1, Y10, 8)
	MARK(Y2, Y3, Y11, 16)
	MARK(Y2, Y3, Y12, 24)
	MARK(Y0, Y1, Y13, 32)
	MARK(Y0, Y1, Y14, 40)
	MARK(Y0, Y1, Y15, 56)
	DENSE(Y0, Y4)
	DENSE(Y1, Y5)
	VPMOVMSKB Y4, AX
	VPMOVMSKB Y5, DX
	SHLQ $32, DX
	ORQ  DX, AX
	NOTQ AX
	MOVQ AX, 48(DI)
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
