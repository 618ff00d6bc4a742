//go:build !purego

#include "textflag.h"

DATA highBits<>+0(SB)/8, $0x8040201008040201
DATA highBits<>+8(SB)/8, $0x0000000000000000
GLOBL highBits<>(SB), RODATA|NOPTR, $16
DATA lowHalf<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL lowHalf<>(SB), RODATA|NOPTR, $8

// A byte is in a set if its low half's byte there has the bit of its high half.
DATA capitals<>+0(SB)/8, $0x3030303030303020
DATA capitals<>+8(SB)/8, $0x1010101010303030
GLOBL capitals<>(SB), RODATA|NOPTR, $16
DATA alnums<>+0(SB)/8, $0xf8f8f8f8f8f8f8a8
DATA alnums<>+8(SB)/8, $0x5050505050f0f8f8
GLOBL alnums<>(SB), RODATA|NOPTR, $16

// CLASSES leaves in A and B which of the 32 bytes at off(SI) are no capitals, and
// no letters or digits.
#define CLASSES(off, A, B) \
	VMOVDQU   off(SI), Y0  \
	VPSRLW    $4, Y0, Y1   \
	VPAND     Y10, Y1, Y1  \
	VPSHUFB   Y1, Y9, Y1   \
	VPSHUFB   Y0, Y7, Y2   \
	VPSHUFB   Y0, Y8, Y3   \
	VPAND     Y1, Y2, Y2   \
	VPAND     Y1, Y3, Y3   \
	VPCMPEQB  Y11, Y2, Y2  \
	VPCMPEQB  Y11, Y3, Y3  \
	VPMOVMSKB Y2, A        \
	VPMOVMSKB Y3, B

// func capitalsAVX2(b *byte, blocks int, out *uint64)
TEXT ·capitalsAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VBROADCASTI128 capitals<>(SB), Y7
	VBROADCASTI128 alnums<>(SB), Y8
	VBROADCASTI128 highBits<>(SB), Y9
	VPBROADCASTQ lowHalf<>(SB), Y10
	VPXOR Y11, Y11, Y11
	XORQ  R12, R12 // 1 if the byte before is in before

loop:
	CLASSES(0, AX, BX)
	CLASSES(32, R8, R9)
	SHLQ $32, R8
	SHLQ $32, R9
	ORQ  R8, AX
	ORQ  R9, BX
	NOTQ AX
	NOTQ BX
	MOVQ BX, R10
	SHLQ $1, R10
	ORQ  R12, R10
	SHRQ $63, BX
	MOVQ BX, R12
	NOTQ R10
	ANDQ R10, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
