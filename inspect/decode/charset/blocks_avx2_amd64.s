//go:build !purego

#include "textflag.h"

// Each unit's bytes exchanged.
DATA swapped<>+0(SB)/8, $0x0607040502030001
DATA swapped<>+8(SB)/8, $0x0e0f0c0d0a0b0809
GLOBL swapped<>(SB), RODATA|NOPTR, $16

// WORDS sets each word of y to value.
#define WORDS(value, y) \
	MOVL $value, AX; \
	VMOVD AX, X0; \
	VPBROADCASTW X0, y

// CUT leaves a bit in M for each of 32 bytes from off on that is not the first of two,
// and in LOW and HIGH the index into a plane of each, as if a character began with it:
// of the first eight and the third, of the second and the last.
#define CUT(off, M, LOW, HIGH) \
	VPOR       off(SI), Y12, Y0; \
	VPOR       (off+1)(SI), Y12, Y1; \
	VPSUBB     Y8, Y0, Y2; \
	VPMAXUB    Y9, Y2, Y3; \
	VPCMPEQB   Y3, Y2, Y2; \
	VPSUBB     Y10, Y0, Y3; \
	VPMAXUB    Y11, Y3, Y14; \
	VPCMPEQB   Y14, Y3, Y3; \
	VPAND      Y3, Y2, Y2; \
	VPMOVMSKB  Y2, M; \
	VPBLENDVB  Y2, Y0, Y1, Y1; \
	VPANDN     Y0, Y2, Y0; \
	VPXOR      Y13, Y0, Y0; \
	VPUNPCKLBW Y0, Y1, LOW; \
	VPUNPCKHBW Y0, Y1, HIGH

// KEEP stores those of eight indexes in X whose bits are set in AX, from bit 4 on
// once it is rotated by n.
#define KEEP(n, X) \
	RORXQ   $n, AX, CX; \
	ANDL    $0xff0, CX; \
	VPSHUFB (R13)(CX*1), X, X0; \
	VMOVDQU X0, (DI); \
	POPCNTL CX, CX; \
	LEAQ    (DI)(CX*2), DI

// func splitAVX2(src *byte, blocks int, r ranges, t *[256][16]byte, units *uint16) int
TEXT ·splitAVX2(SB), NOSPLIT, $0-48
	MOVQ src+0(FP), SI
	MOVQ blocks+8(FP), R9
	VPBROADCASTB r_first+16(FP), Y8
	VPBROADCASTB r_firstSize+17(FP), Y9
	VPBROADCASTB r_second+18(FP), Y10
	VPBROADCASTB r_secondSize+19(FP), Y11
	VPBROADCASTB r_set+20(FP), Y12
	MOVQ t+24(FP), R13
	MOVQ units+32(FP), DI
	MOVL $0x80808080, AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	MOVQ $0x5555555555555555, R10
	XORQ R12, R12 // 1 if the byte at SI belongs to the character before
	MOVQ DI, R11

block:
	CUT(0, AX, Y4, Y5)
	CUT(32, BX, Y6, Y7)
	SHLQ  $32, BX
	ORQ   BX, AX
	NOTQ  AX
	ANDNQ AX, R12, AX // which bytes may be the first of two

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
	NOTQ  AX          // where characters start
	MOVQ  BX, R12
	SHRQ  $63, R12
	KEEP(60, X4)
	KEEP(4, X5)
	VEXTRACTI128 $1, Y4, X4
	VEXTRACTI128 $1, Y5, X5
	KEEP(12, X4)
	KEEP(20, X5)
	KEEP(28, X6)
	KEEP(36, X7)
	VEXTRACTI128 $1, Y6, X6
	VEXTRACTI128 $1, Y7, X7
	KEEP(44, X6)
	KEEP(52, X7)
	ADDQ $64, SI
	DECQ R9
	JNZ  block

	SUBQ R11, DI
	SHRQ $1, DI
	MOVQ DI, ret+40(FP)
	VZEROUPPER
	RET

// ENTRIES leaves what the plane at R10 has for four units from k on in X.
#define ENTRIES(k, X) \
	MOVWLZX (2*k)(SI), AX; \
	MOVWLZX (2*k+2)(SI), BX; \
	MOVWLZX (2*k+4)(SI), CX; \
	MOVWLZX (2*k+6)(SI), DX; \
	VMOVD   (R10)(AX*4), X; \
	VPINSRD $1, (R10)(BX*4), X, X; \
	VPINSRD $2, (R10)(CX*4), X, X; \
	VPINSRD $3, (R10)(DX*4), X, X

// LAY stores four characters in X at DI: the byte of AX from bit 4 on, once it is
// rotated by n, chooses their bytes and tells, behind those, how many there are.
#define LAY(n, X) \
	RORXQ   $n, AX, CX; \
	ANDL    $0xff0, CX; \
	VPSHUFB (R13)(CX*1), X, X4; \
	VMOVDQU X4, (DI); \
	MOVBLZX 15(R13)(CX*1), CX; \
	ADDQ    CX, DI

// func spellAVX2(units *uint16, n int, p *plane, t *[256][16]byte, dst, kinds *byte) (size int)
TEXT ·spellAVX2(SB), NOSPLIT, $0-56
	MOVQ units+0(FP), SI
	MOVQ n+8(FP), R9
	MOVQ p+16(FP), R10
	MOVQ t+24(FP), R13
	MOVQ dst+32(FP), DI
	MOVQ kinds+40(FP), R8
	MOVQ DI, R12
	SUBQ $16, R9
	JLT  few

sixteen:
	ENTRIES(0, X0)
	ENTRIES(4, X1)
	ENTRIES(8, X2)
	ENTRIES(12, X3)
	VINSERTI128 $1, X2, Y0, Y4
	VINSERTI128 $1, X3, Y1, Y5

	// A bit for each of four that takes two or three bytes, then that takes one or
	// three, a byte for each four.
	VPSLLD    $6, Y4, Y6
	VPSLLD    $7, Y4, Y7
	VPACKSSDW Y7, Y6, Y6
	VPSLLD    $6, Y5, Y7
	VPSLLD    $7, Y5, Y8
	VPACKSSDW Y8, Y7, Y7
	VPACKSSWB Y7, Y6, Y6
	VPMOVMSKB Y6, AX

	VPSRLD    $24, Y4, Y4
	VPSRLD    $24, Y5, Y5
	VPACKUSDW Y5, Y4, Y4
	VPACKUSWB Y4, Y4, Y4
	VPERMQ    $0x08, Y4, Y4
	VMOVDQU   X4, (R8)
	LAY(60, X0)
	LAY(4, X1)
	LAY(12, X2)
	LAY(20, X3)
	ADDQ $32, SI
	ADDQ $16, R8
	SUBQ $16, R9
	JGE  sixteen

few:
	ADDQ $16, R9
	JZ   spelled

one:
	MOVWLZX (SI), AX
	MOVL (R10)(AX*4), AX
	MOVL AX, (DI)
	SHRL $24, AX
	MOVB AX, (R8)
	ANDL $3, AX
	ADDQ AX, DI
	ADDQ $2, SI
	INCQ R8
	DECQ R9
	JNZ  one

spelled:
	SUBQ R12, DI
	MOVQ DI, size+48(FP)
	VZEROUPPER
	RET

// SPELL stores the bytes that the byte of AX from bit 4 on, once it is rotated by n,
// chooses of four characters in X at off of DI, which it brings behind them less off
// and 12.
#define SPELL(n, off, X) \
	RORXQ   $n, AX, CX; \
	ANDL    $0xff0, CX; \
	VPSHUFB (R13)(CX*1), X, X0; \
	VMOVDQU X0, off(DI); \
	POPCNTL CX, CX; \
	SUBQ    CX, DI

// func utf16AVX2(src *byte, blocks int, big bool, t *[256][16]byte, dst, kinds *byte) (done, size int)
TEXT ·utf16AVX2(SB), NOSPLIT, $0-64
	MOVQ src+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVBLZX big+16(FP), R11
	MOVQ t+24(FP), R13
	MOVQ dst+32(FP), DI
	MOVQ kinds+40(FP), R8
	MOVQ DI, R12
	MOVQ R8, R10
	WORDS(0xf800, Y7)
	WORDS(0xd800, Y8)
	WORDS(0x7f, Y9)
	WORDS(0x7ff, Y10)
	WORDS(0x80e0, Y11)
	WORDS(0xc0, Y12)
	WORDS(0x3f00, Y13)
	WORDS(0x3f, Y14)
	WORDS(0x0b80, Y15)

units:
	VMOVDQU (SI), Y1
	TESTQ   R11, R11
	JZ      little
	VBROADCASTI128 swapped<>(SB), Y2
	VPSHUFB Y2, Y1, Y1

little:
	VPAND    Y7, Y1, Y2
	VPCMPEQW Y8, Y2, Y2
	VPTEST   Y2, Y2
	JNZ      stop
	VPMINUW  Y9, Y1, Y2
	VPCMPEQW Y1, Y2, Y2 // those of one byte
	VPMINUW  Y10, Y1, Y3
	VPCMPEQW Y1, Y3, Y3 // and those of two

	// A bit for each of four of two, then of one, a byte for each four.
	VPUNPCKLQDQ Y2, Y3, Y4
	VPUNPCKHQDQ Y2, Y3, Y5
	VPACKSSWB   Y5, Y4, Y4
	VPMOVMSKB   Y4, AX
	CMPL        AX, $-1
	JEQ         ascii

	// The first byte of each, and the second of three; the last of several, and
	// the kind.
	VPSRLW    $12, Y1, Y4
	VPOR      Y11, Y4, Y4
	VPSRLW    $6, Y1, Y5
	VPOR      Y12, Y5, Y5
	VPBLENDVB Y3, Y5, Y4, Y4
	VPSLLW    $2, Y1, Y5
	VPAND     Y13, Y5, Y5
	VPOR      Y5, Y4, Y4
	VPBLENDVB Y2, Y1, Y4, Y4
	VPADDW    Y2, Y3, Y5
	VPSLLW    $8, Y5, Y5
	VPADDW    Y15, Y5, Y5
	VPAND     Y14, Y1, Y6
	VPOR      Y6, Y5, Y5
	VPSRLW    $8, Y5, Y6
	VPACKUSWB Y6, Y6, Y6
	VPERMQ    $0x08, Y6, Y6
	VMOVDQU   X6, (R8)
	VPUNPCKLWD Y5, Y4, Y2
	VPUNPCKHWD Y5, Y4, Y3
	SPELL(60, 0, X2)
	SPELL(4, 12, X3)
	VEXTRACTI128 $1, Y2, X2
	VEXTRACTI128 $1, Y3, X3
	SPELL(12, 24, X2)
	SPELL(20, 36, X3)
	ADDQ $48, DI

on:
	ADDQ $16, R8
	ADDQ $32, SI
	DECQ R9
	JNZ  units
	JMP  stop

ascii:
	VPACKUSWB Y1, Y1, Y1
	VPERMQ    $0x08, Y1, Y1
	VMOVDQU   X1, (DI)
	MOVQ      $0x0909090909090909, BX
	MOVQ      BX, (R8)
	MOVQ      BX, 8(R8)
	ADDQ      $16, DI
	JMP       on

stop:
	SUBQ R10, R8
	MOVQ R8, done+48(FP)
	SUBQ R12, DI
	MOVQ DI, size+56(FP)
	VZEROUPPER
	RET
