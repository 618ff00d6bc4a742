//go:build !purego

#include "textflag.h"

// The characters by the halves of a byte: a bit for each kind that both have, from the
// highest one on 22; 5B 7B; 5D 7D; 2C; 3A.
DATA kindLow<>+0(SB)/8, $0x0000000000800000
DATA kindLow<>+8(SB)/8, $0x0000201040080000
GLOBL kindLow<>(SB), RODATA|NOPTR, $16
DATA kindHigh<>+0(SB)/8, $0x6000600008900000
DATA kindHigh<>+8(SB)/8, $0x0000000000000000
GLOBL kindHigh<>(SB), RODATA|NOPTR, $16
DATA kindHalf<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL kindHalf<>(SB), RODATA|NOPTR, $8

// KINDS leaves in M the kinds of the bytes of D. A byte beyond ASCII finds nothing in
// the table of low halves.
#define KINDS(D, M) \
	VPSRLW  $4, D, M; \
	VPAND   M, Y12, M; \
	VPSHUFB D, Y8, D; \
	VPSHUFB M, Y9, M; \
	VPAND   D, M, M

// BITS leaves in R the highest bits of the bytes of Y0 and Y1.
#define BITS(R, T) \
	VPMOVMSKB Y0, R; \
	VPMOVMSKB Y1, T; \
	SHLQ      $32, T; \
	ORQ       T, R

// func bracketsAVX2(b *byte, blocks int, out *Brackets, within uint64) (done int, open uint64)
TEXT ·bracketsAVX2(SB), NOSPLIT, $0-48
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	MOVQ within+24(FP), BX // all ones in a string
	VBROADCASTI128 kindLow<>(SB), Y8
	VBROADCASTI128 kindHigh<>(SB), Y9
	VPBROADCASTQ kindHalf<>(SB), Y12
	VPXOR    Y13, Y13, Y13
	VPCMPEQB X14, X14, X14 // a product with all ones is the XOR of all bits below
	MOVQ CX, R15

stretch:
	VMOVDQU (SI), Y2
	VMOVDQU 32(SI), Y3
	KINDS(Y2, Y0)
	KINDS(Y3, Y1)
	BITS(R8, DX)  // quotation marks
	VMOVQ      R8, X2
	VPCLMULQDQ $0, X14, X2, X2
	VPADDB Y0, Y0, Y0
	VPADDB Y1, Y1, Y1
	BITS(R9, DX)  // what opens
	VPADDB Y0, Y0, Y0
	VPADDB Y1, Y1, Y1
	BITS(R10, DX) // what closes
	VPCMPEQB Y13, Y0, Y0
	VPCMPEQB Y13, Y1, Y1
	BITS(R11, DX) // all but what closes, commas and colons
	MOVBLZX 64(SI), DX
	CMPB DX, $0x2c
	SETNE R12
	CMPB DX, $0x3a
	SETNE R13
	ANDL R13, R12
	ORL  $0x20, DX
	CMPB DX, $0x7d
	SETNE R13
	ANDL R13, R12
	SHLQ $63, R12
	SHRQ $1, R11
	ORQ  R12, R11 // the same of the bytes behind
	VMOVQ X2, AX
	XORQ  BX, AX  // in strings
	ANDNQ R8, AX, R8
	TESTQ R8, R11 // a mark that closes one, with something else behind
	JNZ   done
	ANDNQ R9, AX, R9
	ANDNQ R10, AX, R10
	MOVQ  R9, (DI)
	MOVQ  R10, 8(DI)
	SARQ  $63, AX
	MOVQ  AX, BX
	ADDQ $16, DI
	ADDQ $64, SI
	DECQ CX
	JNZ  stretch

done:
	VZEROUPPER
	SUBQ CX, R15
	MOVQ R15, done+32(FP)
	MOVQ BX, open+40(FP)
	RET
