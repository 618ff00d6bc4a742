//go:build !purego

#include "textflag.h"

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
