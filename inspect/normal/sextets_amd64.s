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

DATA half<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL half<>(SB), RODATA|NOPTR, $8

// func sextetsAVX2(b *byte, blocks int) int
TEXT ·sextetsAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	XORQ DX, DX
	VPXOR Y7, Y7, Y7
	VBROADCASTI128 byLow<>(SB), Y8
	VBROADCASTI128 byHigh<>(SB), Y9
	VPBROADCASTQ half<>(SB), Y10

next:
	VMOVDQU   (SI), Y0
	VPSRLW    $4, Y0, Y1
	VPAND     Y1, Y10, Y1
	VPSHUFB   Y0, Y8, Y2
	VPSHUFB   Y1, Y9, Y3
	VPAND     Y2, Y3, Y2
	VPCMPEQB  Y2, Y7, Y2
	VPMOVMSKB Y2, AX // a bit for each that is none
	TESTL AX, AX
	JNZ  done
	ADDQ $32, SI
	ADDQ $32, DX
	DECQ CX
	JNZ  next
	JMP  all

done:
	BSFL AX, AX
	ADDQ AX, DX

all:
	MOVQ DX, ret+16(FP)
	VZEROUPPER
	RET

// func sextetWordsAVX2(b *byte, blocks int, out *byte)
TEXT ·sextetWordsAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VPXOR Y7, Y7, Y7
	VBROADCASTI128 byLow<>(SB), Y8
	VBROADCASTI128 byHigh<>(SB), Y9
	VPBROADCASTQ half<>(SB), Y10

// EIGHTS leaves in R a bit for each eight bytes of Y that are all base64: none of
// the eight then is other.
#define EIGHTS(Y, T, R) \
	VPSRLW    $4, Y, T; \
	VPAND     T, Y10, T; \
	VPSHUFB   Y, Y8, Y; \
	VPSHUFB   T, Y9, T; \
	VPAND     T, Y, Y; \
	VPCMPEQB  Y, Y7, Y; \
	VPCMPEQQ  Y, Y7, Y; \
	VMOVMSKPD Y, R

eights:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	EIGHTS(Y0, Y2, AX)
	EIGHTS(Y1, Y3, DX)
	SHLL $4, DX
	ORL  DX, AX
	MOVB AX, (DI)
	INCQ DI
	ADDQ $64, SI
	DECQ CX
	JNZ  eights
	VZEROUPPER
	RET

// func sextetsAVX512(b *byte, blocks int, t *[128]byte) int
TEXT ·sextetsAVX512(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	XORQ DX, DX
	VMOVDQU64 (BX), Z8
	VMOVDQU64 64(BX), Z9

// OTHERS leaves the highest bit of each byte of Z1 set that is no base64 at (SI).
#define OTHERS \
	VMOVDQU64 (SI), Z0; \
	VMOVDQA64 Z0, Z1; \
	VPERMI2B  Z9, Z8, Z1; \
	VPORQ     Z0, Z1, Z1

next:
	OTHERS
	VPMOVB2M  Z1, K1
	KORTESTQ  K1, K1
	JNZ  done
	ADDQ $64, SI
	ADDQ $64, DX
	DECQ CX
	JNZ  next
	JMP  all

done:
	KMOVQ K1, AX
	BSFQ AX, AX
	ADDQ AX, DX

all:
	MOVQ DX, ret+24(FP)
	VZEROUPPER
	RET

// func sextetWordsAVX512(b *byte, blocks int, t *[128]byte, out *byte)
TEXT ·sextetWordsAVX512(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	MOVQ out+24(FP), DI
	VMOVDQU64 (BX), Z8
	VMOVDQU64 64(BX), Z9
	MOVQ $0x8080808080808080, AX
	VPBROADCASTQ AX, Z10

word:
	OTHERS
	VPTESTNMQ Z10, Z1, K1
	KMOVB K1, AX
	MOVB AX, (DI)
	INCQ DI
	ADDQ $64, SI
	DECQ CX
	JNZ  word
	VZEROUPPER
	RET
