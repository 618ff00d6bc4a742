//go:build !purego

#include "textflag.h"

// What a byte and the high half of the one before it can be wrong in, by the
// bits of Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per
// Byte" (2021): 1 too short, 2 too long, 4 overlong of three, 8 too large, 16
// surrogate, 32 overlong of two, 64 too large or overlong of four, 128 two
// continuations.

// By the high half of the byte before.
DATA before<>+0(SB)/8, $0x0202020202020202
DATA before<>+8(SB)/8, $0x4915012180808080
GLOBL before<>(SB), RODATA|NOPTR, $16

// By its low half.
DATA beforeLow<>+0(SB)/8, $0xcbcbcb8b8383a3e7
DATA beforeLow<>+8(SB)/8, $0xcbcbdbcbcbcbcbcb
GLOBL beforeLow<>(SB), RODATA|NOPTR, $16

// By the high half of the byte itself.
DATA itself<>+0(SB)/8, $0x0101010101010101
DATA itself<>+8(SB)/8, $0x01010101babaaee6
GLOBL itself<>(SB), RODATA|NOPTR, $16

// Control characters, other than those that move on in a text (09 to 0D): by
// high half, by low half.
DATA control<>+0(SB)/8, $0x0000000000000201
DATA control<>+8(SB)/8, $0x0000000000000000
GLOBL control<>(SB), RODATA|NOPTR, $16
DATA controlLow<>+0(SB)/8, $0x0303030303030303
DATA controlLow<>+8(SB)/8, $0x0303020202020203
GLOBL controlLow<>(SB), RODATA|NOPTR, $16

DATA low<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL low<>(SB), RODATA|NOPTR, $8
DATA third<>+0(SB)/8, $0x6060606060606060 // E0 - 80
GLOBL third<>(SB), RODATA|NOPTR, $8
DATA fourth<>+0(SB)/8, $0x7070707070707070 // F0 - 80
GLOBL fourth<>(SB), RODATA|NOPTR, $8
DATA high<>+0(SB)/8, $0x8080808080808080
GLOBL high<>(SB), RODATA|NOPTR, $8

// func validAVX2(b *byte, blocks int) (n int, controls bool)
TEXT ·validAVX2(SB), NOSPLIT, $0-25
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	VBROADCASTI128 before<>(SB), Y8
	VBROADCASTI128 beforeLow<>(SB), Y9
	VBROADCASTI128 itself<>(SB), Y10
	VBROADCASTI128 control<>(SB), Y6
	VBROADCASTI128 controlLow<>(SB), Y7
	VPBROADCASTQ low<>(SB), Y11
	VPBROADCASTQ third<>(SB), Y12
	VPBROADCASTQ fourth<>(SB), Y13
	VPBROADCASTQ high<>(SB), Y14
	VPXOR Y15, Y15, Y15
	XORQ AX, AX

loop:
	VMOVDQU (SI), Y0
	VMOVDQU -3(SI), Y5
	VPOR    Y0, Y5, Y1
	VPTEST  Y14, Y1
	JZ      ascii
	VMOVDQU -1(SI), Y1

	// The byte with the one before it.
	VPSRLW  $4, Y1, Y2
	VPAND   Y11, Y2, Y2
	VPSHUFB Y2, Y8, Y2
	VPAND   Y11, Y1, Y3
	VPSHUFB Y3, Y9, Y3
	VPAND   Y3, Y2, Y2
	VPSRLW  $4, Y0, Y4
	VPAND   Y11, Y4, Y4
	VPSHUFB Y4, Y10, Y3
	VPAND   Y3, Y2, Y2

	// Two continuations are right where a lead of three or four stands two
	// before, or one of four stands three before, and only there.
	VMOVDQU  -2(SI), Y3
	VPSUBUSB Y12, Y3, Y3
	VPSUBUSB Y13, Y5, Y5
	VPOR     Y5, Y3, Y3
	VPAND    Y14, Y3, Y3
	VPXOR    Y3, Y2, Y2

	VPSHUFB Y4, Y6, Y4
	VPAND   Y11, Y0, Y0
	VPSHUFB Y0, Y7, Y0
	VPAND   Y4, Y0, Y0
	VPOR    Y0, Y15, Y15

	VPTEST Y2, Y2
	JNZ    done
	ADDQ   $32, SI
	ADDQ   $32, AX
	DECQ   CX
	JNZ    loop

	JMP  done

	// Nothing can be wrong but control characters.
ascii:
	VPSRLW  $4, Y0, Y4
	VPAND   Y11, Y4, Y4
	VPSHUFB Y4, Y6, Y4
	VPSHUFB Y0, Y7, Y0
	VPAND   Y4, Y0, Y0
	VPOR    Y0, Y15, Y15
	ADDQ    $32, SI
	ADDQ    $32, AX
	DECQ    CX
	JNZ     loop

done:
	VPTEST  Y15, Y15
	SETNE   controls+24(FP)
	MOVQ    AX, n+16(FP)
	VZEROUPPER
	RET

// func asciiAVX2(b *byte, blocks int) int
TEXT ·asciiAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	XORQ AX, AX

next:
	VMOVDQU   (SI), Y0
	VPOR      32(SI), Y0, Y0
	VPMOVMSKB Y0, DX
	TESTL     DX, DX
	JNZ       end
	ADDQ      $64, SI
	INCQ      AX
	CMPQ      AX, CX
	JNE       next

end:
	MOVQ AX, ret+16(FP)
	VZEROUPPER
	RET
