//go:build !purego

#include "textflag.h"

// What letteringAVX2 compares with: 'A' and 'a', how many letters there are less one, and
// the bit of small letters.
DATA letterBytes<>+0(SB)/8, $0x0000000020196141
GLOBL letterBytes<>(SB), RODATA|NOPTR, $8

// LETTERS puts the 32 bytes at off(SI) in lower case, and leaves in U, L and O which of
// them were capitals, are letters, and are 11xxxxxx.
#define LETTERS(off, U, L, O) \
	VMOVDQU   off(SI), Y0     \
	VPSUBB    Y7, Y0, Y1      \
	VPMINUB   Y9, Y1, Y2      \
	VPCMPEQB  Y1, Y2, Y2      \ // capitals
	VPMOVMSKB Y2, U           \
	VPAND     Y10, Y2, Y2     \
	VPOR      Y2, Y0, Y1      \
	VMOVDQU   Y1, off(SI)     \
	VPSUBB    Y8, Y1, Y1      \
	VPMINUB   Y9, Y1, Y2      \
	VPCMPEQB  Y1, Y2, Y2      \ // letters
	VPMOVMSKB Y2, L           \
	VPADDB    Y0, Y0, Y1      \ // the second bit on top
	VPAND     Y0, Y1, Y1      \
	VPMOVMSKB Y1, O

// func letteringAVX2(b *byte, blocks int, upper, letters, others *marks)
TEXT ·letteringAVX2(SB), NOSPLIT, $0-40
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ upper+16(FP), DI
	MOVQ letters+24(FP), DX
	MOVQ others+32(FP), R8
	VPBROADCASTB letterBytes<>+0(SB), Y7
	VPBROADCASTB letterBytes<>+1(SB), Y8
	VPBROADCASTB letterBytes<>+2(SB), Y9
	VPBROADCASTB letterBytes<>+3(SB), Y10

loop:
	LETTERS(0, R9, R10, R11)
	LETTERS(32, R12, R13, BX)
	SHLQ $32, R12
	SHLQ $32, R13
	SHLQ $32, BX
	ORQ  R12, R9
	ORQ  R13, R10
	ORQ  BX, R11
	MOVQ R9, (DI)
	MOVQ R10, (DX)
	MOVQ R11, (R8)
	ADDQ $64, SI
	ADDQ $8, DI
	ADDQ $8, DX
	ADDQ $8, R8
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
