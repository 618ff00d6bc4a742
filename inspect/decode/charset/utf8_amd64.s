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

// CONTROLS adds to Y15 which bytes of Y0 are control characters, whose high halves
// Y4 has. A byte beyond ASCII finds nothing in the table of low halves.
#define CONTROLS \
	VPSHUFB Y4, Y6, Y4; \
	VPSHUFB Y0, Y7, Y0; \
	VPAND   Y4, Y0, Y0; \
	VPOR    Y0, Y15, Y15

// ASCII is what there is to do for 32 bytes in which nothing else can be wrong.
#define ASCII(off) \
	VMOVDQU off(SI), Y0; \
	VPSRLW  $4, Y0, Y4; \
	VPAND   Y11, Y4, Y4; \
	CONTROLS

// ERRORS leaves in E what is wrong with 32 bytes. Two continuations are right where a
// lead of three or four stands two before, or one of four stands three before, and
// only there.
#define ERRORS(off, E) \
	VMOVDQU  -1+off(SI), Y1; \
	VMOVDQU  off(SI), Y0; \
	VPSRLW   $4, Y1, Y2; \
	VPAND    Y11, Y1, Y1; \
	VPSRLW   $4, Y0, Y4; \
	VPAND    Y11, Y2, Y2; \
	VPAND    Y11, Y4, Y4; \
	VPSHUFB  Y1, Y9, Y1; \
	VPSHUFB  Y2, Y8, Y2; \
	VPSHUFB  Y4, Y10, E; \
	VPAND    Y1, Y2, Y2; \
	VMOVDQU  -2+off(SI), Y3; \
	VMOVDQU  -3+off(SI), Y1; \
	VPSUBUSB Y12, Y3, Y3; \
	VPSUBUSB Y13, Y1, Y1; \
	VPAND    Y2, E, E; \
	VPOR     Y1, Y3, Y3; \
	VPAND    Y14, Y3, Y3; \
	VPXOR    Y3, E, E; \
	CONTROLS

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
	SUBQ $2, CX
	JLT  one

two:
	VMOVDQU (SI), Y0
	VPOR    -3(SI), Y0, Y0
	VPOR    32(SI), Y0, Y0
	VPTEST  Y14, Y0
	JZ      ascii
	ERRORS(0, Y5)
	VPTEST  Y5, Y5
	JNZ     done
	ERRORS(32, Y5)
	VPTEST  Y5, Y5
	JNZ     half
	JMP     next

ascii:
	ASCII(0)
	ASCII(32)

next:
	ADDQ $64, SI
	ADDQ $64, AX
	SUBQ $2, CX
	JGE  two

one:
	CMPQ CX, $-2
	JEQ  done
	ERRORS(0, Y5)
	VPTEST Y5, Y5
	JNZ  done

half:
	ADDQ $32, AX

done:
	VPTEST  Y15, Y15
	SETNE   controls+24(FP)
	MOVQ    AX, n+16(FP)
	VZEROUPPER
	RET

// A byte is one of a set if it equals what a table has for its low six bits.
// The control characters of above:
DATA controls<>+0(SB)/8, $0x0706050403020100
DATA controls<>+8(SB)/8, $0x0f0e0c0d0a0b0808
DATA controls<>+16(SB)/8, $0x1716151413121110
DATA controls<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA controls<>+32(SB)/8, $0x2627242522232021
DATA controls<>+40(SB)/8, $0x2e2f2c2d2a2b2829
DATA controls<>+48(SB)/8, $0x3637343532333031
DATA controls<>+56(SB)/8, $0x3e3f3c3d3a3b3839
GLOBL controls<>(SB), RODATA|NOPTR, $64

// What begins a character and forbids some second bytes, or begins four, or
// nothing valid: C0, C1, E0, ED and F0 to FF.
DATA odd<>+0(SB)/8, $0xc6c7c4c5c2c3c1c0
DATA odd<>+8(SB)/8, $0xcecfcccdcacbc8c9
DATA odd<>+16(SB)/8, $0xd6d7d4d5d2d3d0d1
DATA odd<>+24(SB)/8, $0xdedfdcdddadbd8d9
DATA odd<>+32(SB)/8, $0xe6e7e4e5e2e3e0e0
DATA odd<>+40(SB)/8, $0xeeefededeaebe8e9
DATA odd<>+48(SB)/8, $0xf7f6f5f4f3f2f1f0
DATA odd<>+56(SB)/8, $0xfffefdfcfbfaf9f8
GLOBL odd<>(SB), RODATA|NOPTR, $64

// func validAVX512(b *byte, blocks int) (n int, controls bool)
TEXT ·validAVX512(SB), NOSPLIT, $0-25
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	VMOVDQU64 controls<>(SB), Z16
	VMOVDQU64 odd<>(SB), Z17
	MOVL $0xc0, DX
	VPBROADCASTB DX, Z18
	MOVL $0xe0, DX
	VPBROADCASTB DX, Z19
	MOVL $0xf0, DX
	VPBROADCASTB DX, Z20
	VBROADCASTI32X4 before<>(SB), Z21
	VBROADCASTI32X4 beforeLow<>(SB), Z22
	VBROADCASTI32X4 itself<>(SB), Z23
	VPBROADCASTQ low<>(SB), Z24
	VPBROADCASTQ third<>(SB), Z25
	VPBROADCASTQ fourth<>(SB), Z26
	VPBROADCASTQ high<>(SB), Z27
	KXORQ K7, K7, K7
	XORQ  AX, AX
	XORQ  R11, R11 // continuations that the block before asks for
	XORQ  R12, R12 // whether it ends with an odd one

	// A long text is read for the first time here: the processor is told ahead,
	// since by itself it does not look beyond a page.
	XORQ    R14, R14
	MOVQ    $4096, DX
	CMPQ    CX, $256
	CMOVQGE DX, R14

loop:
	VMOVDQU64  (SI), Z0
	PREFETCHT0 (SI)(R14*1)
	VPERMB     Z16, Z0, Z1
	VPCMPEQB  Z0, Z1, K1
	VPMOVB2M  Z0, K2
	KORQ      K1, K7, K7
	KMOVQ     K2, R8
	MOVQ      R8, DX
	ORQ       R11, DX
	JZ        next

	VPERMB   Z17, Z0, Z1
	VPCMPEQB Z0, Z1, K5
	VPCMPUB  $5, Z18, Z0, K3
	VPCMPUB  $5, Z19, Z0, K4
	KMOVQ    K5, R13
	KMOVQ    K3, R9
	KMOVQ    K4, R10
	ORQ      R13, R12
	JNZ      careful

	// Where continuations are to stand, they stand, and nowhere else.
	LEAQ  (R9)(R9*1), DX
	LEAQ  0(R10*4), BX
	ORQ   R11, DX
	ORQ   BX, DX
	ANDNQ R8, R9, R8
	CMPQ  R8, DX
	JNE   done
	SHRQ  $63, R9
	SHRQ  $62, R10
	MOVQ  R9, R11
	ORQ   R10, R11

next:
	ADDQ $64, SI
	ADDQ $64, AX
	DECQ CX
	JNZ  loop

done:
	KORTESTQ K7, K7
	SETNE    controls+24(FP)
	MOVQ     AX, n+16(FP)
	VZEROUPPER
	RET

	// As validAVX2 does it.
careful:
	VMOVDQU64 -1(SI), Z1
	VMOVDQU64 -2(SI), Z3
	VMOVDQU64 -3(SI), Z5
	VPSRLW    $4, Z1, Z2
	VPANDQ    Z24, Z2, Z2
	VPSHUFB   Z2, Z21, Z2
	VPANDQ    Z24, Z1, Z4
	VPSHUFB   Z4, Z22, Z4
	VPANDQ    Z4, Z2, Z2
	VPSRLW    $4, Z0, Z4
	VPANDQ    Z24, Z4, Z4
	VPSHUFB   Z4, Z23, Z4
	VPANDQ    Z4, Z2, Z2
	VPSUBUSB  Z25, Z3, Z3
	VPSUBUSB  Z26, Z5, Z5
	VPORQ     Z5, Z3, Z3
	VPANDQ    Z27, Z3, Z3
	VPXORQ    Z3, Z2, Z2
	VPTESTMB  Z2, Z2, K1
	KORTESTQ  K1, K1
	JNZ       done
	VPCMPUB   $5, Z20, Z0, K1
	KMOVQ     K1, R11
	MOVQ      R13, R12
	SHRQ      $63, R12
	SHRQ      $63, R9
	SHRQ      $62, R10
	SHRQ      $61, R11
	ORQ       R9, R11
	ORQ       R10, R11
	JMP       next

// func asciiAVX2(b *byte, blocks int) int
TEXT ·asciiAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	XORQ AX, AX

	// As in validAVX512.
	XORQ    R14, R14
	MOVQ    $4096, DX
	CMPQ    CX, $256
	CMOVQGE DX, R14

next:
	VMOVDQU    (SI), Y0
	PREFETCHT0 (SI)(R14*1)
	VPOR       32(SI), Y0, Y0
	VPMOVMSKB  Y0, DX
	TESTL      DX, DX
	JNZ        end
	ADDQ      $64, SI
	INCQ      AX
	CMPQ      AX, CX
	JNE       next

end:
	MOVQ AX, ret+16(FP)
	VZEROUPPER
	RET
