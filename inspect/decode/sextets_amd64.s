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

// What makes a character its value stands in roll at the sum of its high half and
// what slot has for its low one, which keeps "+", "-", "/" and "_" from the others.
DATA slot<>+0(SB)/8, $0x0808080808080808
DATA slot<>+8(SB)/8, $0x0308080800080808
GLOBL slot<>(SB), RODATA|NOPTR, $16
DATA roll<>+0(SB)/8, $0xbfb910bf00130000
DATA roll<>+8(SB)/8, $0xb9b9bfbf0411b9e0
GLOBL roll<>(SB), RODATA|NOPTR, $16
DATA half<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL half<>(SB), RODATA|NOPTR, $8

// Two values of 6 bits make one of 12, two of these one of 24; the last shuffles
// put the three bytes of each in order and together.
DATA twelve<>+0(SB)/8, $0x0140014001400140
DATA twelve<>+8(SB)/8, $0x0140014001400140
DATA twelve<>+16(SB)/8, $0x0140014001400140
DATA twelve<>+24(SB)/8, $0x0140014001400140
GLOBL twelve<>(SB), RODATA|NOPTR, $32
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

// CHECK leaves 0 in OK for each byte of C that is no base64, and the high halves in
// HIGH. T is for its own use.
#define CHECK(C, HIGH, OK, T) \
	VPSRLW  $4, C, HIGH; \
	VPAND   Y10, HIGH, HIGH; \
	VPSHUFB C, Y8, OK; \
	VPSHUFB HIGH, Y9, T; \
	VPAND   T, OK, OK

// DECODE stores the 24 bytes that the characters C stand for at off of DI.
#define DECODE(C, HIGH, off) \
	VPSHUFB    C, Y11, Y6; \
	VPADDB     HIGH, Y6, Y6; \
	VPSHUFB    Y6, Y5, Y6; \
	VPADDB     C, Y6, Y6; \
	VPMADDUBSW twelve<>(SB), Y6, Y6; \
	VPMADDWD   Y13, Y6, Y6; \
	VPSHUFB    Y14, Y6, Y6; \
	VPERMD     Y6, Y15, Y6; \
	VMOVDQU    Y6, off(DI)

// func unbase64AVX2(dst, src *byte, blocks int) int
TEXT ·unbase64AVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ CX, DX
	VPXOR Y7, Y7, Y7
	VBROADCASTI128 byLow<>(SB), Y8
	VBROADCASTI128 byHigh<>(SB), Y9
	VPBROADCASTQ half<>(SB), Y10
	VBROADCASTI128 slot<>(SB), Y11
	VBROADCASTI128 roll<>(SB), Y5
	VPBROADCASTQ twentyFour<>(SB), Y13
	VBROADCASTI128 together<>(SB), Y14
	VMOVDQU lanes<>(SB), Y15
	SUBQ $2, CX
	JLT  last

two:
	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y1
	CHECK(Y0, Y2, Y4, Y6)
	CHECK(Y1, Y3, Y6, Y12)
	VPMINUB   Y4, Y6, Y6
	VPCMPEQB  Y6, Y7, Y6
	VPMOVMSKB Y6, AX
	TESTL     AX, AX
	JNZ       last // which may be well, and goes no further than that
	DECODE(Y0, Y2, 0)
	DECODE(Y1, Y3, 24)
	ADDQ $48, DI
	ADDQ $64, SI
	SUBQ $2, CX
	JGE  two

last:
	ADDQ $2, CX
	JZ   done

one:
	VMOVDQU   (SI), Y0
	CHECK(Y0, Y2, Y4, Y6)
	VPCMPEQB  Y4, Y7, Y4
	VPMOVMSKB Y4, AX
	TESTL     AX, AX
	JNZ       done
	DECODE(Y0, Y2, 0)
	ADDQ $24, DI
	ADDQ $32, SI
	DECQ CX
	JNZ  one

done:
	SUBQ CX, DX
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
