//go:build !purego

#include "textflag.h"

// Eight sets of sequences of three bytes, each the product of sets of half
// bytes, in which all characters are that are folded, and few others:
//
//	01  C2 to DF, F0 to FF, 10 to 1F
//	02  7F
//	04  E0, E1, E2, EA, EF
//	08  E3 80 80 (the ideographic space)
//	10  E3 80 9C (the wave dash)
//	20  E3 82 99 to E3 82 9C (voiced marks)
//	40  E3 85 to E3 8F (enclosed letters and months, squared words)
//	80  00 to 08, 0B, 0C, 0E, 0F
//
// First, second and third byte, by high and by low half.
DATA high1<>+0(SB)/8, $0x0200000000000180
DATA high1<>+8(SB)/8, $0x017c010100000000
GLOBL high1<>(SB), RODATA|NOPTR, $16
DATA low1<>+0(SB)/8, $0x81818181f9858585
DATA low1<>+8(SB)/8, $0x8781018181050181
GLOBL low1<>(SB), RODATA|NOPTR, $16
DATA high2<>+0(SB)/8, $0x8787878787878787
DATA high2<>+8(SB)/8, $0x87878787878787ff
GLOBL high2<>(SB), RODATA|NOPTR, $16
DATA low2<>+0(SB)/8, $0xc7c7c78787a7879f
DATA low2<>+8(SB)/8, $0xc7c7c7c7c7c7c7c7
GLOBL low2<>(SB), RODATA|NOPTR, $16
DATA high3<>+0(SB)/8, $0xc7c7c7c7c7c7c7c7
DATA high3<>+8(SB)/8, $0xc7c7c7c7c7c7f7cf
GLOBL high3<>(SB), RODATA|NOPTR, $16
DATA low3<>+0(SB)/8, $0xc7c7c7c7c7c7c7cf
DATA low3<>+8(SB)/8, $0xc7c7c7f7e7e7e7c7
GLOBL low3<>(SB), RODATA|NOPTR, $16

DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $8

// func plainAVX2(b *byte, blocks int) int
TEXT ·plainAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	VBROADCASTI128 high1<>(SB), Y8
	VBROADCASTI128 low1<>(SB), Y9
	VBROADCASTI128 high2<>(SB), Y10
	VBROADCASTI128 low2<>(SB), Y11
	VBROADCASTI128 high3<>(SB), Y12
	VBROADCASTI128 low3<>(SB), Y13
	VPBROADCASTQ nibble<>(SB), Y14
	VPXOR Y15, Y15, Y15
	XORQ AX, AX

loop:
	VMOVDQU (SI), Y0
	VPSRLW  $4, Y0, Y1
	VPAND   Y14, Y1, Y1
	VPSHUFB Y1, Y8, Y1
	VPAND   Y14, Y0, Y0
	VPSHUFB Y0, Y9, Y0
	VPAND   Y0, Y1, Y2

	VMOVDQU 1(SI), Y0
	VPSRLW  $4, Y0, Y1
	VPAND   Y14, Y1, Y1
	VPSHUFB Y1, Y10, Y1
	VPAND   Y14, Y0, Y0
	VPSHUFB Y0, Y11, Y0
	VPAND   Y0, Y1, Y1
	VPAND   Y1, Y2, Y2

	VMOVDQU 2(SI), Y0
	VPSRLW  $4, Y0, Y1
	VPAND   Y14, Y1, Y1
	VPSHUFB Y1, Y12, Y1
	VPAND   Y14, Y0, Y0
	VPSHUFB Y0, Y13, Y0
	VPAND   Y0, Y1, Y1
	VPAND   Y1, Y2, Y2

	VPTEST Y2, Y2
	JNZ    found
	ADDQ   $32, SI
	ADDQ   $32, AX
	DECQ   CX
	JNZ    loop
	JMP    done

found:
	VPCMPEQB  Y15, Y2, Y2
	VPMOVMSKB Y2, BX
	NOTL      BX
	BSFL      BX, BX
	ADDQ      BX, AX

done:
	VZEROUPPER
	MOVQ AX, ret+16(FP)
	RET
