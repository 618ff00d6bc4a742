//go:build !purego

#include "textflag.h"

DATA colon<>+0(SB)/8, $0x3a3a3a3a3a3a3a3a
GLOBL colon<>(SB), RODATA|NOPTR, $8
DATA quote<>+0(SB)/8, $0x2222222222222222
GLOBL quote<>(SB), RODATA|NOPTR, $8
DATA blank<>+0(SB)/8, $0x2020202020202020
GLOBL blank<>(SB), RODATA|NOPTR, $8
DATA keyHalf<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL keyHalf<>(SB), RODATA|NOPTR, $8

// COLONS leaves in C which bytes at off(SI) are colons behind a quotation mark and
// in S which are behind white space.
#define COLONS(off, C, S) \
	VMOVDQU  -1+off(SI), C; \
	VPMINUB  C, Y15, S; \
	VPCMPEQB C, S, S; \
	VPCMPEQB C, Y14, C; \
	VPCMPEQB off(SI), Y13, Y4; \
	VPAND    Y4, C, C; \
	VPAND    Y4, S, S

// HALVES leaves in C what the tables LO and HI have in common for the bytes at
// off(SI), where it is all ones, and nothing elsewhere.
#define HALVES(off, LO, HI, C) \
	VMOVDQU off(SI), Y4; \
	VPSRLW  $4, Y4, Y5; \
	VPAND   Y12, Y4, Y4; \
	VPAND   Y12, Y5, Y5; \
	VPSHUFB Y4, LO, Y4; \
	VPSHUFB Y5, HI, Y5; \
	VPAND   Y4, C, C; \
	VPAND   Y5, C, C

// ENDS leaves in R a bit for each byte but those that are a colon at off(SI) behind a
// quotation mark, as C says, that may end a key, or behind white space, as S says.
#define ENDS(off, C, S, R) \
	HALVES(-2+off, Y6, Y7, C); \
	HALVES(-3+off, Y8, Y9, C); \
	HALVES(-4+off, Y10, Y11, C); \
	VPXOR     Y4, Y4, Y4; \
	VPCMPEQB  Y4, C, C; \
	VPANDN    C, S, C; \
	VPMOVMSKB C, R

// func keysAVX2(b *byte, blocks int, halves *[3][2][16]byte) int
TEXT ·keysAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ halves+16(FP), BX
	VBROADCASTI128 (BX), Y6
	VBROADCASTI128 16(BX), Y7
	VBROADCASTI128 32(BX), Y8
	VBROADCASTI128 48(BX), Y9
	VBROADCASTI128 64(BX), Y10
	VBROADCASTI128 80(BX), Y11
	VPBROADCASTQ keyHalf<>(SB), Y12
	VPBROADCASTQ colon<>(SB), Y13
	VPBROADCASTQ quote<>(SB), Y14
	VPBROADCASTQ blank<>(SB), Y15
	XORQ AX, AX

block:
	COLONS(0, Y0, Y1)
	COLONS(32, Y2, Y3)
	VPOR   Y0, Y1, Y4
	VPOR   Y2, Y3, Y5
	VPOR   Y4, Y5, Y5
	VPTEST Y5, Y5
	JZ     next
	ENDS(0, Y0, Y1, R8)
	ENDS(32, Y2, Y3, R9)
	SHLQ $32, R9
	ORQ  R8, R9
	NOTQ R9
	TESTQ R9, R9
	JNZ  found

next:
	ADDQ $64, SI
	ADDQ $64, AX
	DECQ CX
	JNZ  block
	JMP  done

found:
	BSFQ R9, R9
	ADDQ R9, AX

done:
	VZEROUPPER
	MOVQ AX, ret+24(FP)
	RET

// END leaves in R what the tables LO and HI say of the bytes at off(SI), and their
// highest bits.
#define END(off, LO, HI, R, T) \
	VMOVDQU64 off(SI), T; \
	VMOVDQA64 T, R; \
	VPERMI2B  HI, LO, R; \
	VPTERNLOGQ $0xf8, T, Z11, R

// func keysAVX512(b *byte, blocks int, ends *[3][128]byte) int
TEXT ·keysAVX512(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ ends+16(FP), BX
	VMOVDQU64 (BX), Z16
	VMOVDQU64 64(BX), Z17
	VMOVDQU64 128(BX), Z18
	VMOVDQU64 192(BX), Z19
	VMOVDQU64 256(BX), Z20
	VMOVDQU64 320(BX), Z21
	MOVL $0x3a, AX
	VPBROADCASTB AX, Z8 // ':'
	MOVL $0x22, AX
	VPBROADCASTB AX, Z9 // '"'
	MOVL $0x20, AX
	VPBROADCASTB AX, Z10 // ' '
	MOVL $0x80, AX
	VPBROADCASTB AX, Z11
	XORQ AX, AX

block:
	VMOVDQU64 (SI), Z0
	VMOVDQU64 -1(SI), Z1
	END(-2, Z16, Z17, Z2, Z3)
	END(-3, Z18, Z19, Z4, Z5)
	END(-4, Z20, Z21, Z6, Z7)
	VPANDQ    Z2, Z4, Z4
	VPCMPEQB  Z0, Z8, K1
	VPCMPEQB  Z1, Z9, K2
	VPCMPUB   $2, Z10, Z1, K3
	VPTESTMB  Z4, Z6, K4
	KANDQ     K4, K2, K2
	KORQ      K3, K2, K2
	KANDQ     K1, K2, K2
	KORTESTQ  K2, K2
	JNZ       found
	ADDQ $64, SI
	ADDQ $64, AX
	DECQ CX
	JNZ  block
	JMP  done

found:
	KMOVQ  K2, DX
	TZCNTQ DX, DX
	ADDQ   DX, AX

done:
	VZEROUPPER
	MOVQ AX, ret+24(FP)
	RET
