//go:build !purego

#include "textflag.h"

// func foldAVX512(dst, src *byte, n int, t *foldTables, narrow *narrowed, most int) (read, written, blocks int)
TEXT ·foldAVX512(SB), NOSPLIT, $0-72
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ t+24(FP), BX
	MOVQ narrow+32(FP), R15
	VMOVDQU64 (BX), Z16
	VMOVDQU64 64(BX), Z17
	VMOVDQU64 128(BX), Z18
	VMOVDQU64 192(BX), Z19
	VPBROADCASTD 384(BX), Z20 // E3
	XORQ AX, AX // read
	MOVQ DI, R14
	XORQ R13, R13 // blocks in narrow
	SUBQ $66, CX // where the last block may begin

loop:
	VMOVDQU64 (SI)(AX*1), Z0
	VMOVDQU64 1(SI)(AX*1), Z1
	VMOVDQU64 2(SI)(AX*1), Z2
	VMOVDQU64 Z0, (DI)
	VMOVDQA64 Z0, Z3
	VPERMI2B  Z17, Z16, Z3
	VPCMPEQB  Z0, Z3, K1
	VPCMPEQB  Z0, Z20, K2
	VPERMB    Z18, Z1, Z3
	VPERMB    Z19, Z2, Z4
	VPTESTMB  Z3, Z4, K2, K2
	KORTESTQ  K1, K2
	JNZ       suspects
	ADDQ      $64, AX
	ADDQ      $64, DI
	CMPQ      AX, CX
	JLE       loop

done:
	SUBQ R14, DI
	MOVQ AX, read+48(FP)
	MOVQ DI, written+56(FP)
	MOVQ R13, blocks+64(FP)
	VZEROUPPER
	RET

suspects:
	KORQ  K1, K2, K3
	KMOVQ K3, R8

	// Full-width ASCII, EF BC 81 to EF BD 9D, in K1 (BD) and K5 (BC), half-width
	// kana, EF BD A1 to EF BE 9D, in K6, ideographic spaces in K2.
	VPBROADCASTD 388(BX), Z5 // EF
	VPBROADCASTD 392(BX), Z6 // BC
	VPBROADCASTD 396(BX), Z7 // BD
	VPBROADCASTD 400(BX), Z8 // BE
	VPBROADCASTD 404(BX), Z9 // 80
	VPBROADCASTD 408(BX), Z10 // 81
	VPBROADCASTD 412(BX), Z11 // 9E
	VPBROADCASTD 416(BX), Z12 // A1
	VPCMPEQB Z5, Z0, K4
	VPCMPEQB Z6, Z1, K4, K5
	VPCMPUB  $5, Z10, Z2, K5, K5
	VPCMPEQB Z7, Z1, K4, K6
	VPCMPUB  $1, Z11, Z2, K6, K1
	VPCMPUB  $5, Z12, Z2, K6, K6
	VPCMPEQB Z8, Z1, K4, K4
	VPCMPUB  $1, Z11, Z2, K4, K4
	KORQ     K4, K6, K6
	VPCMPEQB Z9, Z1, K2, K2
	VPCMPEQB Z9, Z2, K2, K2
	KORQ     K1, K5, K4
	KORQ     K2, K4, K4
	KMOVQ    K4, R9  // those that become one byte
	KMOVQ    K6, R10 // those that stay three

	// The block ends before what it cuts and before what is left to others.
	MOVQ    R9, R11
	ORQ     R10, R11
	ANDNQ   R8, R11, R8
	SHRQ    $62, R11
	SHLQ    $62, R11
	TZCNTQ  R11, R12
	TZCNTQ  R8, R8
	CMPQ    R8, R12
	CMOVQLT R8, R12
	MOVQ    $-1, DX
	BZHIQ   R12, DX, DX
	ANDQ    DX, R9
	ANDQ    DX, R10

	// Kana.
	VPERMB    320(BX), Z0, Z4
	VMOVDQU64 256(BX), Z3
	VPERMB    Z3, Z1, Z3
	KMOVQ     R10, K1
	ADDQ      R10, R10
	KMOVQ     R10, K2
	ADDQ      R10, R10
	KMOVQ     R10, K3
	VMOVDQU8  Z20, K1, Z0
	VMOVDQU8  Z3, K2, Z0
	VMOVDQU8  Z4, K3, Z0

	// A full-width character is its third byte less 60, behind BD less 20.
	VPBROADCASTD 420(BX), Z5 // 60
	VPBROADCASTD 424(BX), Z6 // 40
	VPSUBB   Z5, Z2, Z2
	VPCMPEQB Z7, Z1, K1
	VPADDB   Z6, Z2, K1, Z2
	KMOVQ    R9, K4
	VMOVDQU8 Z2, K4, Z0

	// The two bytes behind are dropped.
	LEAQ (R9)(R9*1), R11
	LEAQ 0(R9*4), R10
	ORQ  R10, R11
	ANDNQ DX, R11, DX
	KMOVQ DX, K5
	VPCOMPRESSB.Z Z0, K5, Z0
	VMOVDQU64 Z0, (DI)
	POPCNTQ DX, DX
	ADDQ    DX, DI
	TESTQ   R9, R9
	JZ      moved
	MOVQ    AX, (R15)
	MOVQ    R9, 8(R15)
	ADDQ    $16, R15
	INCQ    R13

moved:
	ADDQ R12, AX
	CMPQ R8, $64
	JEQ  all
	CMPQ R8, R12
	JEQ  done

all:
	CMPQ AX, CX
	JGT  done
	CMPQ R13, most+40(FP)
	JLT  loop
	JMP  done
