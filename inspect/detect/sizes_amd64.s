//go:build !purego

#include "textflag.h"

// Of sixteen pairs of a start and an end: the starts, the ends.
DATA starts<>+0(SB)/8, $0x0000000200000000
DATA starts<>+8(SB)/8, $0x0000000600000004
DATA starts<>+16(SB)/8, $0x0000000a00000008
DATA starts<>+24(SB)/8, $0x0000000e0000000c
DATA starts<>+32(SB)/8, $0x0000001200000010
DATA starts<>+40(SB)/8, $0x0000001600000014
DATA starts<>+48(SB)/8, $0x0000001a00000018
DATA starts<>+56(SB)/8, $0x0000001e0000001c
GLOBL starts<>(SB), RODATA|NOPTR, $64

#define CLOSE 26

#define BYTE(c, z) \
	MOVL $c, BX; \
	VPBROADCASTB BX, z

// CHUNK reads sixteen runs, those of the low bits of AX: sizes to part k of Z13, the
// second and the first byte before to Z14 and Z15, the first digit to Z16, the byte
// behind to Z17. Those of the low bits of R10 have one behind them: whether it is
// close is written.
#define CHUNK(k, off) \
	KMOVW AX, K1; \
	KSHIFTRW $8, K1, K2; \
	VMOVDQU64.Z off(DX), K1, Z0; \
	VMOVDQU64.Z off+64(DX), K2, Z1; \
	VMOVDQA64 Z0, Z2; \
	VPERMT2D Z1, Z30, Z0; \
	VPERMT2D Z1, Z31, Z2; \
	VPSUBD Z0, Z2, Z3; \
	KMOVW K1, K2; \
	KMOVW K1, K3; \
	VPXORD Z9, Z9, Z9; \
	VPXORD Z10, Z10, Z10; \
	VPGATHERDD -2(SI)(Z0*1), K2, Z9; \
	VPGATHERDD -3(SI)(Z2*1), K3, Z10; \
	VPMOVUSDB Z3, X3; \
	VPMOVDB Z9, X4; \
	VPSRLD $8, Z9, Z5; \
	VPSRLD $16, Z9, Z6; \
	VPSRLD $24, Z10, Z7; \
	VPMOVDB Z5, X5; \
	VPMOVDB Z6, X6; \
	VPMOVDB Z7, X7; \
	VINSERTI32X4 $k, X3, Z13, Z13; \
	VINSERTI32X4 $k, X4, Z14, Z14; \
	VINSERTI32X4 $k, X5, Z15, Z15; \
	VINSERTI32X4 $k, X6, Z16, Z16; \
	VINSERTI32X4 $k, X7, Z17, Z17; \
	KMOVW R10, K1; \
	KSHIFTRW $8, K1, K2; \
	VMOVDQU64.Z (off+8)(DX), K1, Z0; \
	VMOVDQU64.Z (off+72)(DX), K2, Z1; \
	VPERMT2D Z1, Z30, Z0; \
	VPSUBD Z2, Z0, Z0; \
	MOVQ AX, BX; \
	ANDQ R10, BX; \
	KMOVW BX, K2; \
	VPCMPUD $2, Z29, Z0, K2, K1; \
	KMOVW K1, (8*CLOSE+2*k)(DI); \
	SHRQ $16, AX; \
	SHRQ $16, R10

// LOOK replaces each byte of z by what the table of 256 at off says of it.
#define LOOK(off, z) \
	VPMOVB2M z, K1; \
	VMOVDQA64 z, Z0; \
	VMOVDQU64 off(R9), Z1; \
	VMOVDQU64 off+128(R9), Z2; \
	VPERMI2B off+64(R9), Z1, z; \
	VPERMI2B off+192(R9), Z2, Z0; \
	VMOVDQU8 Z0, K1, z

#define PUT(set, k) KMOVQ k, (8*set)(DI)

// SIZE puts the runs that are zero digits longer than Z13 says, and lowers it.
#define SIZE(set) \
	VPADDB Z31, Z13, Z13; \
	VPTESTNMB Z13, Z13, K1; \
	PUT(set, K1)

// BIT puts the runs with the highest bit in Z18, and moves the next one there.
#define BIT(set) \
	VPMOVB2M Z18, K1; \
	VPADDB Z18, Z18, Z18; \
	PUT(set, K1)

// func sortRunsAVX512(w *runWord, text *byte, runs *match.Run, take uint64, t *sideTables, all uint64)
TEXT ·sortRunsAVX512(SB), NOSPLIT, $0-48
	MOVQ w+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ runs+16(FP), DX
	MOVQ take+24(FP), AX
	MOVQ t+32(FP), R9
	MOVQ all+40(FP), R10
	MOVQ R10, 0(DI)
	SHRQ $1, R10

	VMOVDQU64 starts<>(SB), Z30
	MOVL $1, BX
	VPBROADCASTD BX, Z31
	VPORD Z30, Z31, Z31
	MOVL $16, BX // runReach
	VPBROADCASTD BX, Z29

	CHUNK(0, 0)
	CHUNK(1, 128)
	CHUNK(2, 256)
	CHUNK(3, 384)

	// By size.
	BYTE(20, Z0)
	VPCMPUB $5, Z0, Z13, K1
	PUT(15, K1)
	VPTERNLOGD $0xff, Z31, Z31, Z31
	SIZE(1)
	SIZE(2)
	SIZE(3)
	SIZE(4)
	SIZE(5)
	SIZE(6)
	SIZE(7)
	SIZE(8)
	SIZE(9)
	SIZE(10)
	SIZE(11)
	SIZE(12)
	SIZE(13)
	VPADDB Z31, Z13, Z13
	BYTE(6, Z0)
	VPCMPUB $1, Z0, Z13, K1
	PUT(14, K1)

	// By the first digit.
	BYTE(0x30, Z0)
	BYTE(0x31, Z1)
	VPCMPEQB Z0, Z16, K1
	VPCMPEQB Z1, Z16, K2
	PUT(16, K1)
	PUT(17, K2)

	// By what stands beside, as sideOf joins it.
	LOOK(0, Z15)
	LOOK(256, Z14)
	LOOK(512, Z17)
	BYTE(0x4f, Z0)
	BYTE(0x70, Z1)
	BYTE(0x80, Z2)
	BYTE(0x08, Z3)
	BYTE(0x40, Z4)
	VPANDQ Z15, Z14, Z14 // the tie to what stands before that
	VPSRLW $1, Z14, Z5
	VPADDB Z14, Z14, Z6
	VPANDQ Z0, Z15, Z18
	VPTERNLOGQ $0xf8, Z1, Z17, Z18 // Z18 | Z17 & Z1
	VPTERNLOGQ $0xf8, Z3, Z5, Z18
	VPTERNLOGQ $0xf8, Z4, Z6, Z18
	VPANDQ Z15, Z17, Z7
	VPTERNLOGQ $0xf8, Z2, Z7, Z18
	BIT(25)
	BIT(24)
	BIT(23)
	BIT(22)
	BIT(21)
	BIT(20)
	BIT(19)
	BIT(18)
	VZEROUPPER
	RET

// func wordMaskAVX512(b *byte, t *[128]uint8) uint64
TEXT ·wordMaskAVX512(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ t+8(FP), R9
	VMOVDQU64 (SI), Z0
	VMOVDQU64 (R9), Z1
	VPMOVB2M Z0, K1
	VPERMI2B 64(R9), Z1, Z0
	VPTESTMB Z0, Z0, K2
	KANDNQ K2, K1, K2
	KMOVQ K2, AX
	VZEROUPPER
	MOVQ AX, ret+16(FP)
	RET
