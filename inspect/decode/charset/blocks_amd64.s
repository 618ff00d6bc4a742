//go:build !purego

#include "textflag.h"

DATA places<>+0(SB)/8, $0x0302010003020100
GLOBL places<>(SB), RODATA|NOPTR, $8

// The top byte of each dword, four times.
DATA tops<>+0(SB)/8, $0x0707070703030303
DATA tops<>+8(SB)/8, $0x0f0f0f0f0b0b0b0b
GLOBL tops<>(SB), RODATA|NOPTR, $16

// Each unit's bytes exchanged.
DATA swaps<>+0(SB)/8, $0x0607040502030001
DATA swaps<>+8(SB)/8, $0x0e0f0c0d0a0b0809
GLOBL swaps<>(SB), RODATA|NOPTR, $16

#define CONSTANT(value, z) \
	MOVL $value, AX; \
	VPBROADCASTD AX, z

#define ARGUMENT(off, z) \
	MOVBLZX off(FP), AX; \
	VPBROADCASTB AX, z

// EMIT stores the characters in the dwords of Z9, as packed has them, at DI and
// their kinds at R8. Lanes that are zero store nothing. Z22 holds tops, Z23 a 3
// in each byte, Z24 places.
#define EMIT \
	VPSHUFB  Z22, Z9, Z10; \
	VPANDD   Z23, Z10, Z10; \
	VPCMPUB  $1, Z10, Z24, K5; \
	VPCOMPRESSB.Z Z9, K5, Z11; \
	VMOVDQU8 Z11, (DI); \
	KMOVQ    K5, BX; \
	POPCNTQ  BX, BX; \
	ADDQ     BX, DI; \
	VPSRLD   $24, Z9, Z9; \
	VPMOVDB  Z9, X9; \
	VMOVDQU  X9, (R8)

// func splitAVX512(src *byte, n int, r ranges, units *uint16) int
TEXT ·splitAVX512(SB), NOSPLIT, $0-40
	MOVQ src+0(FP), SI
	MOVQ n+8(FP), R9
	ARGUMENT(r_first+16, Z16)
	ARGUMENT(r_firstSize+17, Z17)
	ARGUMENT(r_second+18, Z18)
	ARGUMENT(r_secondSize+19, Z19)
	ARGUMENT(r_set+20, Z20)
	MOVQ units+24(FP), DI
	CONSTANT(0x80808080, Z21)
	MOVQ $0x5555555555555555, R10
	MOVQ $-1, R11
	MOVQ $64, R13
	XORQ R12, R12 // 1 if the byte at SI belongs to the character before
	MOVQ DI, R14

loop:
	// The block, zero beyond n, and the byte after each of its bytes.
	CMPQ    R9, R13
	MOVQ    R9, CX
	CMOVQGT R13, CX
	BZHIQ   CX, R11, R8
	KMOVQ   R8, K1
	VMOVDQU8.Z (SI), K1, Z0
	VMOVDQU8.Z 1(SI), K1, Z1
	VPORD     Z20, Z0, Z0
	VPORD     Z20, Z1, Z1

	// Which bytes may be the first of two.
	VPSUBB  Z16, Z0, Z2
	VPCMPUB $1, Z17, Z2, K2
	VPSUBB  Z18, Z0, Z3
	VPCMPUB $1, Z19, Z3, K3
	KORQ    K2, K3, K2
	KMOVQ   K2, AX
	ANDNQ   AX, R12, AX

	// In a run of them every other one is: a run begins with one. Adding the
	// starts of runs at even places clears these runs.
	LEAQ  (AX)(AX*1), BX
	ANDNQ AX, BX, BX
	ANDQ  R10, BX
	ADDQ  AX, BX
	ANDNQ AX, BX, DX  // runs that start at an even place
	ANDQ  AX, BX      // at an odd one
	ANDQ  R10, DX
	ANDNQ BX, R10, BX
	ORQ   DX, BX      // the first bytes

	LEAQ  (R12)(BX*2), AX
	ANDNQ R8, AX, AX  // where characters start
	MOVQ  BX, R12
	SHRQ  $63, R12
	PEXTQ AX, BX, BX  // which characters have two bytes
	KMOVQ AX, K1
	KMOVQ BX, K2
	POPCNTQ AX, AX
	VPCOMPRESSB.Z Z0, K1, Z4
	VPCOMPRESSB.Z Z1, K1, Z5
	VMOVDQA64 Z21, Z6
	VPADDB    Z4, Z21, K2, Z6
	VMOVDQU8  Z5, K2, Z4

	// Both bytes of each side by side.
	VPMOVZXBW Y6, Z7
	VPMOVZXBW Y4, Z8
	VPSLLW    $8, Z7, Z7
	VPORD     Z8, Z7, Z7
	VMOVDQU64 Z7, (DI)
	VEXTRACTI64X4 $1, Z6, Y6
	VEXTRACTI64X4 $1, Z4, Y4
	VPMOVZXBW Y6, Z7
	VPMOVZXBW Y4, Z8
	VPSLLW    $8, Z7, Z7
	VPORD     Z8, Z7, Z7
	VMOVDQU64 Z7, 64(DI)
	LEAQ      (DI)(AX*2), DI

	ADDQ $64, SI
	SUBQ $64, R9
	JHI  loop

	SUBQ R14, DI
	SHRQ $1, DI
	MOVQ DI, ret+32(FP)
	VZEROUPPER
	RET

// func spellAVX512(units *uint16, n int, p *plane, dst, kinds *byte) (done, size int)
TEXT ·spellAVX512(SB), NOSPLIT, $0-56
	MOVQ units+0(FP), SI
	MOVQ n+8(FP), R9
	MOVQ p+16(FP), R10
	MOVQ dst+24(FP), DI
	MOVQ kinds+32(FP), R8
	VBROADCASTI32X4 tops<>(SB), Z22
	VPBROADCASTQ places<>(SB), Z24
	CONSTANT(0x03030303, Z23)
	MOVQ DI, R12
	MOVQ R8, R13
	KXNORW K3, K3, K3

next:
	CMPQ R9, $16
	JAE  full
	MOVQ R9, CX
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K3

full:
	VPMOVZXWD (SI), Z7
	KMOVW  K3, K4
	VPXORD Z9, Z9, Z9
	VPGATHERDD (R10)(Z7*4), K4, Z9
	VPTESTNMD Z9, Z9, K3, K5
	KORTESTW K5, K5
	JNZ  end
	EMIT
	ADDQ $16, R8
	ADDQ $32, SI
	SUBQ $16, R9
	JHI  next
	ADDQ R9, R8 // the last may have been fewer

end:
	SUBQ R13, R8
	MOVQ R8, done+40(FP)
	SUBQ R12, DI
	MOVQ DI, size+48(FP)
	VZEROUPPER
	RET

// func utf16AVX512(src *byte, n int, big bool, dst, kinds *byte) (done, size int)
TEXT ·utf16AVX512(SB), NOSPLIT, $0-56
	MOVQ src+0(FP), SI
	MOVQ n+8(FP), R9
	MOVBLZX big+16(FP), R11
	MOVQ dst+24(FP), DI
	MOVQ kinds+32(FP), R8
	VBROADCASTI32X4 tops<>(SB), Z22
	VPBROADCASTQ places<>(SB), Z24
	VBROADCASTI32X4 swaps<>(SB), Z21
	CONSTANT(0x03030303, Z23)
	CONSTANT(0xf800, Z16)
	CONSTANT(0xd800, Z17)
	CONSTANT(0x80, Z18)
	CONSTANT(0x800, Z19)
	CONSTANT(0x3f00, Z20)
	CONSTANT(0x3f0000, Z25)
	CONSTANT(0x0b8080e0, Z26)
	CONSTANT(0x0a0080c0, Z27)
	CONSTANT(0x09000000, Z28)
	MOVQ DI, R12
	MOVQ R8, R13
	SUBQ $16, R9
	JLT  stop

units:
	VMOVDQU (SI), Y0
	TESTQ R11, R11
	JZ    little
	VPSHUFB Y21, Y0, Y0

little:
	VPMOVZXWD Y0, Z0
	VPANDD    Z16, Z0, Z1
	VPCMPEQD  Z17, Z1, K1
	KORTESTW  K1, K1
	JNZ       stop

	// Three bytes; two of them where that is enough; one.
	VPSRLD    $12, Z0, Z9
	VPSLLD    $2, Z0, Z2
	VPTERNLOGD $0xf8, Z20, Z2, Z9
	VPSLLD    $16, Z0, Z3
	VPTERNLOGD $0xf8, Z25, Z3, Z9
	VPORD     Z26, Z9, Z9
	VPCMPUD   $1, Z19, Z0, K2
	VPSRLD    $6, Z0, Z4
	VPSLLD    $8, Z0, Z5
	VPTERNLOGD $0xf8, Z20, Z5, Z4
	VPORD     Z27, Z4, K2, Z9
	VPCMPUD   $1, Z18, Z0, K2
	VPORD     Z28, Z0, K2, Z9
	EMIT
	ADDQ $16, R8
	ADDQ $32, SI
	SUBQ $16, R9
	JGE  units

stop:
	SUBQ R13, R8
	MOVQ R8, done+40(FP)
	SUBQ R12, DI
	MOVQ DI, size+48(FP)
	VZEROUPPER
	RET
