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

DATA kata<>+0(SB)/8, $0xbb3c801ea18382e3
GLOBL kata<>(SB), RODATA|NOPTR, $8

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

// KATAKANA leaves in A which of the 32 bytes at off(SI), behind which two are, begin a
// katakana letter.
#define KATAKANA(off, A) \
	VMOVDQU   (off+1)(SI), Y1  \
	VMOVDQU   (off+2)(SI), Y2  \
	VPCMPEQB  off(SI), Y7, Y0  \
	VPSUBB    Y10, Y2, Y3      \ // A1 to BF as 0 to 1E
	VPMINUB   Y11, Y3, Y4      \
	VPCMPEQB  Y3, Y4, Y4       \
	VPCMPEQB  Y1, Y8, Y5       \
	VPAND     Y4, Y5, Y4       \ // E3 82
	VPSUBB    Y12, Y2, Y3      \ // 80 to BC as 0 to 3C
	VPMINUB   Y13, Y3, Y5      \
	VPCMPEQB  Y3, Y5, Y5       \
	VPCMPEQB  Y14, Y2, Y6      \
	VPANDN    Y5, Y6, Y5       \
	VPCMPEQB  Y1, Y9, Y6       \
	VPAND     Y5, Y6, Y5       \ // E3 83, but for BB
	VPOR      Y4, Y5, Y4       \
	VPAND     Y0, Y4, Y4       \
	VPMOVMSKB Y4, A

// func katakanaAVX2(b *byte, blocks int, out *uint64)
TEXT ·katakanaAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VPBROADCASTB kata<>+0(SB), Y7
	VPBROADCASTB kata<>+1(SB), Y8
	VPBROADCASTB kata<>+2(SB), Y9
	VPBROADCASTB kata<>+3(SB), Y10
	VPBROADCASTB kata<>+4(SB), Y11
	VPBROADCASTB kata<>+5(SB), Y12
	VPBROADCASTB kata<>+6(SB), Y13
	VPBROADCASTB kata<>+7(SB), Y14

loop:
	KATAKANA(0, AX)
	KATAKANA(32, BX)
	SHLQ $32, BX
	ORQ  BX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
