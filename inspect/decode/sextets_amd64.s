//go:build !purego

#include "textflag.h"

// The characters of base64 and base64url by the halves of a byte: one of them if
// the two tables have a bit in common. Bit 0 is 2B 2D 2F, bit 1 the digits, bit 2
// what begins with 4 or 6, bit 3 with 5, bit 4 with 7.
DATA byLow<>+0(SB)/8, $0x1e1e1e1e1e1e1e1a
DATA byLow<>+8(SB)/8, $0x0d040504051c1e1e
GLOBL byLow<>(SB), RODATA|NOPTR, $16
DATA byHigh<>+0(SB)/8, $0x1004080402010000
DATA byHigh<>+8(SB)/8, $0x0000000000000000
GLOBL byHigh<>(SB), RODATA|NOPTR, $16

// What makes a character its value, by its high half; "-", "/" and "_" need more.
DATA shift<>+0(SB)/8, $0xb9b9bfbf04130000
DATA shift<>+8(SB)/8, $0x0000000000000000
GLOBL shift<>(SB), RODATA|NOPTR, $16
DATA half<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL half<>(SB), RODATA|NOPTR, $8
DATA dash<>+0(SB)/8, $0x2d2d2d2d2d2d2d2d
GLOBL dash<>(SB), RODATA|NOPTR, $8
DATA dashMore<>+0(SB)/8, $0xfefefefefefefefe
GLOBL dashMore<>(SB), RODATA|NOPTR, $8
DATA slash<>+0(SB)/8, $0x2f2f2f2f2f2f2f2f
GLOBL slash<>(SB), RODATA|NOPTR, $8
DATA slashMore<>+0(SB)/8, $0xfdfdfdfdfdfdfdfd
GLOBL slashMore<>(SB), RODATA|NOPTR, $8
DATA bar<>+0(SB)/8, $0x5f5f5f5f5f5f5f5f
GLOBL bar<>(SB), RODATA|NOPTR, $8
DATA barMore<>+0(SB)/8, $0x2121212121212121
GLOBL barMore<>(SB), RODATA|NOPTR, $8

// Two values of 6 bits make one of 12, two of these one of 24; the last shuffles
// put the three bytes of each in order and together.
DATA twelve<>+0(SB)/8, $0x0140014001400140
GLOBL twelve<>(SB), RODATA|NOPTR, $8
DATA twentyFour<>+0(SB)/8, $0x0001100000011000
GLOBL twentyFour<>(SB), RODATA|NOPTR, $8
DATA together<>+0(SB)/8, $0x090a040506000102
DATA together<>+8(SB)/8, $0xffffffff0c0d0e08
GLOBL together<>(SB), RODATA|NOPTR, $16
DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000400000002
DATA lanes<>+16(SB)/8, $0x0000000600000005
DATA lanes<>+24(SB)/8, $0x0000000300000007
GLOBL lanes<>(SB), RODATA|NOPTR, $32

// CHECK leaves a bit in AX for each byte of Y0 that is no base64, and the high
// halves in Y1.
#define CHECK \
	VPSRLW    $4, Y0, Y1; \
	VPAND     Y1, Y10, Y1; \
	VPSHUFB   Y0, Y8, Y2; \
	VPSHUFB   Y1, Y9, Y3; \
	VPAND     Y2, Y3, Y2; \
	VPCMPEQB  Y2, Y7, Y2; \
	VPMOVMSKB Y2, AX

// func unbase64AVX2(dst, src *byte, blocks int) int
TEXT ·unbase64AVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ blocks+16(FP), CX
	XORQ DX, DX
	VPXOR Y7, Y7, Y7
	VBROADCASTI128 byLow<>(SB), Y8
	VBROADCASTI128 byHigh<>(SB), Y9
	VPBROADCASTQ half<>(SB), Y10
	VBROADCASTI128 shift<>(SB), Y11
	VPBROADCASTQ twelve<>(SB), Y12
	VPBROADCASTQ twentyFour<>(SB), Y13
	VBROADCASTI128 together<>(SB), Y14
	VMOVDQU lanes<>(SB), Y15

next:
	VMOVDQU (SI), Y0
	CHECK
	TESTL AX, AX
	JNZ  done
	VPSHUFB Y1, Y11, Y1
	VPADDB Y0, Y1, Y1
	VPBROADCASTQ dash<>(SB), Y2
	VPBROADCASTQ dashMore<>(SB), Y3
	VPCMPEQB Y0, Y2, Y2
	VPAND  Y2, Y3, Y2
	VPADDB Y2, Y1, Y1
	VPBROADCASTQ slash<>(SB), Y2
	VPBROADCASTQ slashMore<>(SB), Y3
	VPCMPEQB Y0, Y2, Y2
	VPAND  Y2, Y3, Y2
	VPADDB Y2, Y1, Y1
	VPBROADCASTQ bar<>(SB), Y2
	VPBROADCASTQ barMore<>(SB), Y3
	VPCMPEQB Y0, Y2, Y2
	VPAND  Y2, Y3, Y2
	VPADDB Y2, Y1, Y1
	VPMADDUBSW Y12, Y1, Y1
	VPMADDWD Y13, Y1, Y1
	VPSHUFB Y14, Y1, Y1
	VPERMD Y1, Y15, Y1
	VMOVDQU Y1, (DI)
	ADDQ $24, DI
	ADDQ $32, SI
	INCQ DX
	CMPQ DX, CX
	JNE  next

done:
	MOVQ DX, ret+24(FP)
	VZEROUPPER
	RET

// func unbase64AVX512(dst, src *byte, blocks int, t *sextetTables) int
TEXT ·unbase64AVX512(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ t+24(FP), BX
	XORQ DX, DX
	VMOVDQU64 (BX), Z8
	VMOVDQU64 64(BX), Z9
	VMOVDQU64 128(BX), Z14
	VPBROADCASTQ twelve<>(SB), Z12
	VPBROADCASTQ twentyFour<>(SB), Z13
	MOVQ $0x0000ffffffffffff, AX
	KMOVQ AX, K2

next64:
	VMOVDQU64 (SI), Z0
	VMOVDQA64 Z0, Z1
	VPERMI2B  Z9, Z8, Z1
	VPORQ     Z0, Z1, Z0
	VPMOVB2M  Z0, K1
	KORTESTQ  K1, K1
	JNZ       done64
	VPMADDUBSW Z12, Z1, Z1
	VPMADDWD  Z13, Z1, Z1
	VPERMB    Z1, Z14, Z1
	VMOVDQU8  Z1, K2, (DI)
	ADDQ $48, DI
	ADDQ $64, SI
	INCQ DX
	CMPQ DX, CX
	JNE  next64

done64:
	MOVQ DX, ret+32(FP)
	VZEROUPPER
	RET
