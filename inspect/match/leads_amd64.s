//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA evens<>+0(SB)/8, $0
DATA evens<>+8(SB)/8, $8
DATA evens<>+16(SB)/8, $1
DATA evens<>+24(SB)/8, $9
DATA evens<>+32(SB)/8, $2
DATA evens<>+40(SB)/8, $10
DATA evens<>+48(SB)/8, $3
DATA evens<>+56(SB)/8, $11
GLOBL evens<>(SB), RODATA|NOPTR, $64

#define BROADCAST(off, z) \
	VPBROADCASTQ off(BX), z

// PROBE looks up the prefixes of the words in Z0, of the lanes K7: what cut
// leaves of them with class. It puts leads into out and those that are some into
// k, and asks for their first items, so that these are at hand when confirmed.
#define PROBE(cut, class, out, k) \
	VPANDQ  cut, Z0, Z2; \
	VPORQ   class, Z2, Z2; \
	VPMULLQ Z20, Z2, Z2; \
	VPSRLQ  $32, Z2, Z3; \
	VPXORQ  Z3, Z2, Z2; \
	VPMULLQ Z21, Z2, Z2; \
	VPSRLVQ Z24, Z2, Z3; \
	KMOVW   K7, K1; \
	VPXORQ  Z4, Z4, Z4; \
	VPGATHERQD (R10)(Z3*2), K1, Y4; \
	VPMOVZXDQ Y4, Z4; \
	VPANDQ  Z23, Z4, Z4; \
	VPMULLQ Z20, Z4, Z4; \
	VPXORQ  Z2, Z4, Z4; \
	VPMULLQ Z22, Z4, Z4; \
	VPSRLVQ Z25, Z4, Z4; \
	KMOVW   K7, K1; \
	VPXORQ  out, out, out; \
	VPGATHERQQ (R11)(Z4*8), K1, out; \
	VPXORQ  Z2, out, Z5; \
	VPTESTNMQ Z29, Z5, K7, k; \
	VPSRLQ  $37, out, Z3; \
	VPADDQ  Z3, Z3, Z4; \
	VPADDQ  Z3, Z4, Z3; \
	KMOVW   k, K1; \
	VPGATHERQD (R8)(Z3*8), K1, Y4; \
	VPANDNQ out, Z29, out; \
	VPORQ   Z1, out, out


// func leadsAVX512(found *uint32, n int, part *byte, base int, p *probe, dst *lead) int
TEXT ·leadsAVX512(SB), NOSPLIT, $0-56
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ p+32(FP), BX
	MOVQ dst+40(FP), R12
	MOVQ probe_seeds(BX), R10
	MOVQ probe_slots(BX), R11
	MOVQ probe_items(BX), R8
	BROADCAST(probe_seedShift, Z24)
	BROADCAST(probe_slotShift, Z25)
	BROADCAST(probe_cut, Z16)
	BROADCAST(probe_cut+8, Z17)
	BROADCAST(probe_class, Z18)
	BROADCAST(probe_class+8, Z19)
	BROADCAST(probe_fold, Z28)
	MOVQ probe_second(BX), R14 // all odd bits if there are two classes, else 0
	MOVQ $0x9e3779b97f4a7c15, AX
	VPBROADCASTQ AX, Z20
	MOVQ $0xd6e8feb86659fd93, AX
	VPBROADCASTQ AX, Z21
	MOVQ $0xff51afd7ed558ccd, AX
	VPBROADCASTQ AX, Z22
	MOVL $0xffff, AX
	VPBROADCASTQ AX, Z23
	MOVL $0xffffffff, AX
	VPBROADCASTQ AX, Z29
	MOVL $0x41414141, AX
	VPBROADCASTD AX, Z26
	MOVL $0x1a1a1a1a, AX
	VPBROADCASTD AX, Z27
	VMOVDQU64 evens<>(SB), Z30
	MOVL $4, AX
	VPBROADCASTQ AX, Z31
	VPADDQ Z30, Z31, Z31
	MOVL $0x5555, R13
	MOVQ R12, R15
	MOVL $0xff, AX
	KMOVW AX, K7
	KXORW K4, K4, K4
	VPXORQ Z7, Z7, Z7

loop:
	CMPQ R9, $8
	JAE  full
	MOVQ R9, CX
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K7

full:
	VPMOVZXDQ.Z (DI), K7, Z1
	KMOVW  K7, K1
	VPXORQ Z0, Z0, Z0
	VPGATHERQQ (SI)(Z1*1), K1, Z0
	VPSUBB  Z26, Z0, Z2
	VPCMPUB $1, Z27, Z2, K2
	VPADDB  Z28, Z0, K2, Z0
	PROBE(Z16, Z18, Z6, K3)
	TESTQ R14, R14
	JZ    one
	PROBE(Z17, Z19, Z7, K4)

one:
	// Those of both classes by turns: of each offset the shorter first.
	KMOVW K3, AX
	KMOVW K4, CX
	PDEPQ R13, AX, AX
	PDEPQ R14, CX, CX
	ORQ   CX, AX
	KMOVW AX, K5
	MOVL  AX, CX
	SHRL  $8, CX
	KMOVW CX, K6
	MOVBLZX AX, AX
	POPCNTL AX, AX
	POPCNTL CX, CX
	VMOVDQA64 Z30, Z8
	VPERMI2Q  Z7, Z6, Z8
	VMOVDQA64 Z31, Z9
	VPERMI2Q  Z7, Z6, Z9
	VPCOMPRESSQ.Z Z8, K5, Z8
	VMOVDQU64 Z8, (R12)
	LEAQ (R12)(AX*8), R12
	VPCOMPRESSQ.Z Z9, K6, Z9
	VMOVDQU64 Z9, (R12)
	LEAQ (R12)(CX*8), R12
	ADDQ $32, DI
	SUBQ $8, R9
	JHI  loop

	SUBQ R15, R12
	SHRQ $3, R12
	MOVQ R12, ret+48(FP)
	VZEROUPPER
	RET

DATA hits0<>+0(SB)/8, $0x0000000100000000
DATA hits0<>+8(SB)/8, $0x0000000200000010
DATA hits0<>+16(SB)/8, $0x0000001100000003
DATA hits0<>+24(SB)/8, $0x0000000500000004
DATA hits0<>+32(SB)/8, $0x0000000600000012
DATA hits0<>+40(SB)/8, $0x0000001300000007
DATA hits0<>+48(SB)/8, $0x0000000900000008
DATA hits0<>+56(SB)/8, $0x0000000a00000014
GLOBL hits0<>(SB), RODATA|NOPTR, $64

DATA hits1<>+0(SB)/8, $0x000000150000000b
DATA hits1<>+8(SB)/8, $0x0000000d0000000c
DATA hits1<>+16(SB)/8, $0x0000000e00000016
DATA hits1<>+24(SB)/8, $0x000000170000000f
GLOBL hits1<>(SB), RODATA|NOPTR, $32

DATA highs<>+0(SB)/8, $0x0000000000000000
DATA highs<>+8(SB)/8, $0x0000000100000000
DATA highs<>+16(SB)/8, $0x0000000200000000
DATA highs<>+24(SB)/8, $0x0000000300000000
DATA highs<>+32(SB)/8, $0x0000000400000000
DATA highs<>+40(SB)/8, $0x0000000500000000
DATA highs<>+48(SB)/8, $0x0000000600000000
DATA highs<>+56(SB)/8, $0x0000000700000000
GLOBL highs<>(SB), RODATA|NOPTR, $64

// func expandAVX512(leads *lead, n int, pairs *[...]lead) (done, np int)
TEXT ·expandAVX512(SB), NOSPLIT, $0-40
	MOVQ leads+0(FP), SI
	MOVQ n+8(FP), R9
	MOVQ pairs+16(FP), DI
	MOVQ SI, R13
	MOVQ DI, R12
	LEAQ (SI)(R9*8), R9
	LEAQ (8*const_pairCount)(DI), R10
	VMOVDQU64 highs<>(SB), Z0
	MOVQ $0x800000000, AX // eight items on
	VPBROADCASTQ AX, Z3

loop:
	MOVL (SI), AX
	MOVL 4(SI), CX
	MOVL CX, DX
	ANDL $const_maxFew, DX
	JZ   large
	SHRL $const_refBits, CX
	SHLQ $32, CX
	ORQ  CX, AX
	VPBROADCASTQ AX, Z1
	VPADDQ Z0, Z1, Z1
	VMOVDQU64 Z1, (DI)
	CMPL DX, $8
	JHI  many

next:
	LEAQ (DI)(DX*8), DI

skip:
	ADDQ $8, SI
	CMPQ SI, R9
	JAE  done
	CMPQ DI, R10
	JB   loop

done:
	SUBQ R13, SI
	SHRQ $3, SI
	MOVQ SI, done+24(FP)
	SUBQ R12, DI
	SHRQ $3, DI
	MOVQ DI, np+32(FP)
	VZEROUPPER
	RET

large:
	TESTL CX, CX
	JZ    skip // a free slot
	JMP   done

many:
	VPADDQ Z3, Z1, Z1
	VMOVDQU64 Z1, 64(DI)
	VPADDQ Z3, Z1, Z1
	VMOVDQU64 Z1, 128(DI)
	VPADDQ Z3, Z1, Z1
	VMOVDQU64 Z1, 192(DI)
	JMP  next

// LOWER lowers the letters in z. Z26 to Z28 are as in PROBE's loop.
#define LOWER(z, tmp, k) \
	VPSUBB  Z26, z, tmp; \
	VPCMPUB $1, Z27, tmp, k; \
	VPADDB  Z28, z, k, z

// func confirmAVX512(pairs *lead, n int, part *byte, base, limit int, items *item, fold uint64, dst *Hit) (size, extras int)
TEXT ·confirmAVX512(SB), NOSPLIT, $0-80
	MOVQ pairs+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	VPBROADCASTQ limit+32(FP), Z23
	MOVQ items+40(FP), R8
	VPBROADCASTQ fold+48(FP), Z28
	MOVQ dst+56(FP), R12
	MOVQ R12, R13
	MOVL $0x41414141, AX
	VPBROADCASTD AX, Z26
	MOVL $0x1a1a1a1a, AX
	VPBROADCASTD AX, Z27
	MOVL $0xffffffff, AX
	VPBROADCASTQ AX, Z29
	VPTERNLOGD $0xff, Z30, Z30, Z30
	MOVL $0xf8, AX
	VPBROADCASTQ AX, Z25
	MOVL $64, AX
	VPBROADCASTQ AX, Z24
	MOVL $0xffff, AX
	VPBROADCASTQ AX, Z22
	MOVL $0x80000000, AX
	VPBROADCASTQ AX, Z21
	VMOVDQU64 hits0<>(SB), Z20
	VMOVDQU32 hits1<>(SB), Y19
	VPXORD Z31, Z31, Z31
	MOVL $0xff, AX
	KMOVW AX, K7
	KXORW K5, K5, K5

loop:
	CMPQ R9, $8
	JAE  full
	MOVQ R9, CX
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K7

full:
	VMOVDQU64.Z (DI), K7, Z0
	VPANDQ Z29, Z0, Z1 // where
	VPSRLQ $32, Z0, Z2
	VPADDQ Z2, Z2, Z3
	VPADDQ Z3, Z2, Z2 // three times the item
	KMOVW  K7, K1
	KMOVW  K7, K2
	KMOVW  K7, K3
	KMOVW  K7, K4
	KMOVW  K7, K6
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	VPXORQ Z8, Z8, Z8
	VPGATHERQQ (R8)(Z2*8), K1, Z6
	VPGATHERQQ 8(R8)(Z2*8), K2, Z7
	VPGATHERQQ 16(R8)(Z2*8), K3, Z8
	VPGATHERQQ (SI)(Z1*1), K4, Z3
	VPGATHERQQ 8(SI)(Z1*1), K6, Z4
	LOWER(Z3, Z9, K1)
	LOWER(Z4, Z10, K2)

	// Differences within the literal's first sixteen bytes.
	VPSRLQ   $45, Z8, Z9
	VPANDQ   Z25, Z9, Z9 // bits
	VPSUBQ   Z24, Z9, Z10
	VPMAXSQ  Z31, Z10, Z10
	VPSLLVQ  Z9, Z30, Z9
	VPSLLVQ  Z10, Z30, Z10
	VPXORQ   Z6, Z3, Z3
	VPXORQ   Z7, Z4, Z4
	VPANDNQ  Z3, Z9, Z3
	VPANDNQ  Z4, Z10, Z4
	VPORQ    Z4, Z3, Z3
	VPTESTNMQ Z3, Z3, K7, K3

	// The end, in the text.
	VPSRLQ   $32, Z8, Z9
	VPANDQ   Z22, Z9, Z9
	VPADDQ   Z1, Z9, Z9
	VPCMPUQ  $2, Z23, Z9, K3, K3
	VPSRLQ   $25, Z8, Z10
	VPANDQ   Z21, Z10, Z10
	VPTESTMQ Z10, Z10, K3, K4
	KORW     K4, K5, K5
	VPORQ    Z10, Z9, Z9

	VPSLLQ   $32, Z9, Z9
	VPORQ    Z1, Z9, Z9
	VPMOVQD  Z8, Y10
	VPCOMPRESSQ.Z Z9, K3, Z9
	VPCOMPRESSD.Z Y10, K3, Y10
	VMOVDQA64 Z20, Z11
	VMOVDQA64 Z19, Z12
	VPERMI2D Z10, Z9, Z11
	VPERMI2D Z10, Z9, Z12
	VMOVDQU32 Z11, (R12)
	VMOVDQU  Y12, 64(R12)
	KMOVW    K3, AX
	POPCNTL  AX, AX
	LEAQ     (AX)(AX*2), AX
	LEAQ     (R12)(AX*4), R12
	ADDQ     $64, DI
	SUBQ     $8, R9
	JHI      loop

	SUBQ R13, R12
	MOVQ R12, size+64(FP)
	KMOVW K5, AX
	MOVQ AX, extras+72(FP)
	VZEROUPPER
	RET
