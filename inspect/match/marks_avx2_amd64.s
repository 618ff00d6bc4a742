//go:build !purego

#include "textflag.h"

// BYTES gives a name to four times the same eight bytes.
#define BYTES(name, eight) \
	DATA name<>+0(SB)/8, eight; \
	DATA name<>+8(SB)/8, eight; \
	DATA name<>+16(SB)/8, eight; \
	DATA name<>+24(SB)/8, eight; \
	GLOBL name<>(SB), RODATA|NOPTR, $32

BYTES(fifteens, $0x0f0f0f0f0f0f0f0f)
BYTES(nines, $0x0909090909090909)
BYTES(zeroDigits, $0x3030303030303030)
BYTES(atSigns, $0x4040404040404040)
BYTES(right4, $0x1000100010001000) // as a factor, of whose product the high half is taken
BYTES(eights, $0x0000000800000008)

// AHEAD asks for what comes a chunk later. The processor itself does not look
// beyond a page, and what is done with a chunk makes it forget the text.
#define AHEAD PREFETCHT0 4096(SI)

// HALVES loads the j-th bytes of 64 offsets: their low halves in Y0 and Y1, their high
// halves in Y2 and Y3. These are shifted by multiplying, since shifts and look-ups wait
// for the same units of Zen 3.
#define HALVES(j) \
	VMOVDQU  j(SI), Y0; \
	VMOVDQU  (32+j)(SI), Y1; \
	VPMULHUW Y14, Y0, Y2; \
	VPMULHUW Y14, Y1, Y3; \
	VPAND    Y15, Y0, Y0; \
	VPAND    Y15, Y1, Y1; \
	VPAND    Y15, Y2, Y2; \
	VPAND    Y15, Y3, Y3

// ALLOWED leaves in a and b the buckets that allow them, by the tables at off of low4
// and of high4.
#define ALLOWED(off, a, b) \
	VBROADCASTI128 off(BX), Y4; \
	VBROADCASTI128 (64+off)(BX), Y5; \
	VPSHUFB Y0, Y4, a; \
	VPSHUFB Y2, Y5, Y6; \
	VPAND   Y6, a, a; \
	VPSHUFB Y1, Y4, b; \
	VPSHUFB Y3, Y5, Y7; \
	VPAND   Y7, b, b

// NARROW clears in Y8 and Y9 the buckets that do not allow them.
#define NARROW(off) \
	ALLOWED(off, Y12, Y13); \
	VPAND Y12, Y8, Y8; \
	VPAND Y13, Y9, Y9

// COARSE leaves in Y8 and Y9 the buckets that are possible at 32 offsets each after the
// first four bytes, and sets the zero flag if there is none.
#define COARSE \
	HALVES(0); \
	ALLOWED(0, Y8, Y9); \
	HALVES(1); \
	NARROW(16); \
	HALVES(2); \
	NARROW(32); \
	HALVES(3); \
	NARROW(48); \
	VPOR   Y8, Y9, Y12; \
	VPTEST Y12, Y12

// SIXES narrows by the low six bits of the byte at off, of 64 offsets, which are looked
// up in the table at t of low6: the low four bits in each quarter of it; the fifth and
// sixth, moved to the highest of each byte, choose one.
#define SIXES(off, t) \
	VMOVDQU   off(SI), Y0; \
	VMOVDQU   (32+off)(SI), Y1; \
	VPSLLW    $3, Y0, Y2; \
	VPSLLW    $3, Y1, Y3; \
	VPSLLW    $2, Y0, Y4; \
	VPSLLW    $2, Y1, Y5; \
	VPAND     Y15, Y0, Y0; \
	VPAND     Y15, Y1, Y1; \
	VBROADCASTI128 (128+t)(BX), Y6; \
	VBROADCASTI128 (144+t)(BX), Y7; \
	VPSHUFB   Y0, Y6, Y10; \
	VPSHUFB   Y0, Y7, Y11; \
	VPSHUFB   Y1, Y6, Y6; \
	VPSHUFB   Y1, Y7, Y7; \
	VPBLENDVB Y2, Y11, Y10, Y10; \
	VPBLENDVB Y3, Y7, Y6, Y6; \
	VBROADCASTI128 (160+t)(BX), Y7; \
	VBROADCASTI128 (176+t)(BX), Y11; \
	VPSHUFB   Y0, Y7, Y12; \
	VPSHUFB   Y0, Y11, Y13; \
	VPSHUFB   Y1, Y7, Y7; \
	VPSHUFB   Y1, Y11, Y11; \
	VPBLENDVB Y2, Y13, Y12, Y12; \
	VPBLENDVB Y3, Y11, Y7, Y7; \
	VPBLENDVB Y4, Y12, Y10, Y10; \
	VPBLENDVB Y5, Y7, Y6, Y6; \
	VPAND     Y10, Y8, Y8; \
	VPAND     Y6, Y9, Y9

// EXACT narrows what COARSE left, and leaves a bit in AX for each offset of which any
// bucket is left. It uses CX.
#define EXACT \
	SIXES(2, 0); \
	SIXES(5, 64); \
	VPXOR     Y0, Y0, Y0; \
	VPCMPEQB  Y0, Y8, Y8; \
	VPCMPEQB  Y0, Y9, Y9; \
	VPMOVMSKB Y8, AX; \
	VPMOVMSKB Y9, CX; \
	SHLQ      $32, CX; \
	ORQ       CX, AX; \
	NOTQ      AX

// NEXT writes the offset of the lowest bit of m, from base R13, to off(p), and takes
// the bit away. Without one it writes what is written over. It uses CX.
#define NEXT(m, off, p) \
	TZCNTQ m, CX; \
	ADDL   R13, CX; \
	MOVL   CX, off(p); \
	BLSRQ  m, m

// EIGHT lists eight bits, without asking how many there are: that could not be foreseen.
#define EIGHT(m, p) \
	NEXT(m, 0, p); \
	NEXT(m, 4, p); \
	NEXT(m, 8, p); \
	NEXT(m, 12, p); \
	NEXT(m, 16, p); \
	NEXT(m, 20, p); \
	NEXT(m, 24, p); \
	NEXT(m, 28, p)

// BYTE writes the offsets of the bits in the lowest byte of AX, from base Y0, to p, and
// moves all three on: where there are many, this is faster than one by one. R15 lists
// the bits of each byte. It uses CX.
#define BYTE(p) \
	MOVBLZX   AX, CX; \
	SHRQ      $8, AX; \
	VPMOVZXBD (R15)(CX*8), Y1; \
	VPADDD    Y0, Y1, Y1; \
	VMOVDQU   Y1, (p); \
	VPADDD    eights<>(SB), Y0, Y0; \
	POPCNTL   CX, CX; \
	LEAQ      (p)(CX*4), p

// MASK leaves the high bits of the bytes of a and b in y, using CX.
#define MASK(a, b, y) \
	VPMOVMSKB a, y; \
	VPMOVMSKB b, CX; \
	SHLQ      $32, CX; \
	ORQ       CX, y

// func markAVX2(text *byte, blocks, base int, m *halfMarks, found *uint32, edges *int32, ats *[...]uint64, carry uint64) (nf, ne int, seen uint64)
TEXT ·markAVX2(SB), NOSPLIT, $0-88
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), R13
	MOVQ m+24(FP), BX
	MOVQ found+32(FP), DI
	MOVQ edges+40(FP), R11
	MOVQ ats+48(FP), R10
	MOVQ carry+56(FP), R8 // 1 if the byte before is a digit
	LEAQ ·lanesOf(SB), R15
	XORL R12, R12 // all masks of "@"
	VMOVDQU fifteens<>(SB), Y15
	VMOVDQU right4<>(SB), Y14

loop:
	AHEAD
	VMOVDQU  (SI), Y0
	VMOVDQU  32(SI), Y1
	VPCMPEQB atSigns<>(SB), Y0, Y2
	VPCMPEQB atSigns<>(SB), Y1, Y3
	MASK(Y2, Y3, AX)
	MOVQ     AX, (R10)
	ADDQ     $8, R10
	ORQ      AX, R12

	// Digits: where being one changes.
	VPSUBB   zeroDigits<>(SB), Y0, Y0
	VPSUBB   zeroDigits<>(SB), Y1, Y1
	VPMINUB  nines<>(SB), Y0, Y2
	VPMINUB  nines<>(SB), Y1, Y3
	VPCMPEQB Y0, Y2, Y2
	VPCMPEQB Y1, Y3, Y3
	MASK(Y2, Y3, DX)
	LEAQ     (R8)(DX*2), AX
	MOVQ     DX, R8
	SHRQ     $63, R8
	XORQ     DX, AX
	JZ       marks // foreseen more often than not: digits stand near digits
	POPCNTQ  AX, DX
	CMPQ     DX, $8 // base64 has about 20
	JHI      manyEdges
	EIGHT(AX, R11)
	LEAQ     (R11)(DX*4), R11

marks:
	COARSE
	JZ      next
	EXACT
	POPCNTQ AX, DX
	LEAQ    (DI)(DX*4), DX

found:
	EIGHT(AX, DI)
	ADDQ  $32, DI
	TESTQ AX, AX
	JNZ   found
	MOVQ  DX, DI

next:
	ADDL $64, R13
	ADDQ $64, SI
	DECQ R9
	JNZ  loop

	SUBQ found+32(FP), DI
	SHRQ $2, DI
	MOVQ DI, nf+64(FP)
	SUBQ edges+40(FP), R11
	SHRQ $2, R11
	MOVQ R11, ne+72(FP)
	MOVQ R12, seen+80(FP)
	VZEROUPPER
	RET

manyEdges:
	VMOVD R13, X0
	VPBROADCASTD X0, Y0
	BYTE(R11)
	BYTE(R11)
	BYTE(R11)
	BYTE(R11)
	BYTE(R11)
	BYTE(R11)
	BYTE(R11)
	BYTE(R11)
	JMP  marks

// func literalsAVX2(text *byte, blocks, base int, m *halfMarks, found *uint32) int
TEXT ·literalsAVX2(SB), NOSPLIT, $0-48
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), R13
	MOVQ m+24(FP), BX
	MOVQ found+32(FP), DI
	VMOVDQU fifteens<>(SB), Y15
	VMOVDQU right4<>(SB), Y14

loop:
	AHEAD
	COARSE
	JZ      next
	EXACT
	TESTQ   AX, AX
	JZ      next
	POPCNTQ AX, DX
	LEAQ    (DI)(DX*4), DX

found:
	EIGHT(AX, DI)
	ADDQ  $32, DI
	TESTQ AX, AX
	JNZ   found
	MOVQ  DX, DI

next:
	ADDL $64, R13
	ADDQ $64, SI
	DECQ R9
	JNZ  loop

	SUBQ found+32(FP), DI
	SHRQ $2, DI
	MOVQ DI, ret+40(FP)
	VZEROUPPER
	RET

// SHAPES is ALLOWED by the tables of expressions, at off of low4 and of high4 of marks.
#define SHAPES(off, a, b) \
	VBROADCASTI128 (640+off)(R8), Y4; \
	VBROADCASTI128 (720+off)(R8), Y5; \
	VPSHUFB Y0, Y4, a; \
	VPSHUFB Y2, Y5, Y6; \
	VPAND   Y6, a, a; \
	VPSHUFB Y1, Y4, b; \
	VPSHUFB Y3, Y5, Y7; \
	VPAND   Y7, b, b

// BOTH narrows the buckets of literals, Y8 and Y9, and of expressions, Y10 and Y11, by
// the j-th bytes of 64 offsets.
#define BOTH(j) \
	HALVES(j); \
	NARROW(16*j); \
	SHAPES(16*j+16, Y12, Y13); \
	VPAND Y12, Y10, Y10; \
	VPAND Y13, Y11, Y11

// func bothAVX2(text *byte, blocks, base int, h *halfMarks, m *marks, found, starts *uint32) (nf, ns int)
TEXT ·bothAVX2(SB), NOSPLIT, $0-72
	MOVQ text+0(FP), SI
	MOVQ blocks+8(FP), R9
	MOVQ base+16(FP), R13
	MOVQ h+24(FP), BX
	MOVQ m+32(FP), R8
	MOVQ found+40(FP), DI
	MOVQ starts+48(FP), R12
	VMOVDQU fifteens<>(SB), Y15
	VMOVDQU right4<>(SB), Y14

loop:
	AHEAD
	HALVES(0)
	ALLOWED(0, Y8, Y9)
	SHAPES(16, Y10, Y11)
	BOTH(1)
	BOTH(2)
	BOTH(3)
	VPOR    Y10, Y11, Y12
	VPTEST  Y12, Y12
	JZ      literals
	VPXOR     Y12, Y12, Y12
	VPCMPEQB  Y12, Y10, Y10
	VPCMPEQB  Y12, Y11, Y11
	MASK(Y10, Y11, AX)
	NOTQ    AX
	POPCNTQ AX, DX
	LEAQ    (R12)(DX*4), DX

start:
	EIGHT(AX, R12)
	ADDQ  $32, R12
	TESTQ AX, AX
	JNZ   start
	MOVQ  DX, R12

literals:
	VPOR    Y8, Y9, Y12
	VPTEST  Y12, Y12
	JZ      next
	EXACT
	TESTQ   AX, AX
	JZ      next
	POPCNTQ AX, DX
	LEAQ    (DI)(DX*4), DX

found:
	EIGHT(AX, DI)
	ADDQ  $32, DI
	TESTQ AX, AX
	JNZ   found
	MOVQ  DX, DI

next:
	ADDL $64, R13
	ADDQ $64, SI
	DECQ R9
	JNZ  loop

	SUBQ found+40(FP), DI
	SHRQ $2, DI
	MOVQ DI, nf+56(FP)
	SUBQ starts+48(FP), R12
	SHRQ $2, R12
	MOVQ R12, ns+64(FP)
	VZEROUPPER
	RET

// ASKED leaves in the low bits of y whether the two bits that the hashes Y3 choose are
// set in the words Y6.
#define ASKED(y) \
	VPSRLD  $1, Y3, Y4; \
	VPAND   Y15, Y4, Y4; \
	VPSRLVD Y4, Y6, Y4; \
	VPSRLD  $6, Y3, Y5; \
	VPAND   Y15, Y5, Y5; \
	VPSRLVD Y5, Y6, Y5; \
	VPAND   Y4, Y5, y

// LOOKUP loads into Y6 the words at p that the hashes Y3 choose, shifted by the low dword
// of x. Loads one by one are faster than a gather.
#define LOOKUP(p, x) \
	VPSRLD       x, Y3, Y4; \
	VEXTRACTI128 $1, Y4, X5; \
	VMOVQ        X4, AX; \
	VPEXTRQ      $1, X4, CX; \
	MOVL         AX, DX; \
	SHRQ         $32, AX; \
	VMOVD        (p)(DX*4), X6; \
	VPINSRD      $1, (p)(AX*4), X6, X6; \
	MOVL         CX, DX; \
	SHRQ         $32, CX; \
	VPINSRD      $2, (p)(DX*4), X6, X6; \
	VPINSRD      $3, (p)(CX*4), X6, X6; \
	VMOVQ        X5, AX; \
	VPEXTRQ      $1, X5, CX; \
	MOVL         AX, DX; \
	SHRQ         $32, AX; \
	VMOVD        (p)(DX*4), X4; \
	VPINSRD      $1, (p)(AX*4), X4, X4; \
	MOVL         CX, DX; \
	SHRQ         $32, CX; \
	VPINSRD      $2, (p)(DX*4), X4, X4; \
	VPINSRD      $3, (p)(CX*4), X4, X4; \
	VINSERTI128  $1, X4, Y6, Y6

// WORDS loads the first words at the offsets at off and off+4 of DI into x. Loads one by
// one are faster than gathers.
#define WORDS(off, x) \
	MOVL    off(DI), AX; \
	MOVL    (off+4)(DI), CX; \
	VMOVQ   (SI)(AX*1), x; \
	VMOVHPS (SI)(CX*1), x, x

// func siftAVX2(found *uint32, n int, part *byte, base int, long *uint32, longShift uint32, short *uint32, shortShift, fold uint32, lanes *[256]uint64) int
TEXT ·siftAVX2(SB), NOSPLIT, $0-80
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ long+32(FP), R10
	MOVL longShift+40(FP), AX
	VMOVD AX, X8
	MOVQ short+48(FP), R11
	MOVL shortShift+56(FP), AX
	VMOVD AX, X9
	MOVL fold+60(FP), AX
	VMOVD AX, X10
	VPBROADCASTD X10, Y10
	MOVL $0xcc9e2d51, AX
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	MOVL $0x1b873593, AX
	VMOVD AX, X12
	VPBROADCASTD X12, Y12
	MOVL $0x9e3779b1, AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	MOVL $0xffffff, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	MOVL $31, AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVQ lanes+64(FP), BX
	MOVQ DI, R12

	// The last eight are filled with the last offset, and lanes beyond it dropped.
	VPBROADCASTD -4(DI)(R9*4), Y0
	VMOVDQU Y0, (DI)(R9*4)
	TESTQ   R11, R11
	JZ      loop
	VMOVDQU (R11), Y0

loop:
	// Bytes 0 to 3 in Y2 and 2 to 5 in Y3, folded if led by ASCII.
	WORDS(0, X1)
	WORDS(8, X2)
	WORDS(16, X3)
	WORDS(24, X4)
	VINSERTI128 $1, X3, Y1, Y1
	VINSERTI128 $1, X4, Y2, Y3
	VSHUFPS $0x88, Y3, Y1, Y2
	VPSRLQ  $16, Y1, Y1
	VPSRLQ  $16, Y3, Y3
	VSHUFPS $0x88, Y3, Y1, Y3
	VMOVDQU (DI), Y1
	VPSLLD  $24, Y2, Y4
	VPSRAD  $31, Y4, Y4
	VPANDN  Y10, Y4, Y4
	VPOR    Y4, Y2, Y2
	VPOR    Y4, Y3, Y3

	VPMULLD Y11, Y2, Y4
	VPMULLD Y12, Y3, Y3
	VPADDD  Y4, Y3, Y3
	VPSRLD  $15, Y3, Y4
	VPXOR   Y4, Y3, Y3
	VPMULLD Y13, Y3, Y3
	LOOKUP(R10, X8)
	ASKED(Y7)

	TESTQ   R11, R11
	JZ      pack
	VPAND   Y14, Y2, Y3
	VPMULLD Y11, Y3, Y3
	VPSRLD  $15, Y3, Y4
	VPXOR   Y4, Y3, Y3
	VPMULLD Y13, Y3, Y3
	CMPL    shortShift+56(FP), $29
	JE      eight
	LOOKUP(R11, X9)

short:
	ASKED(Y4)
	VPOR    Y4, Y7, Y7

pack:
	VPSLLD    $31, Y7, Y7
	VMOVMSKPS Y7, AX
	CMPQ      R9, $8
	JAE       whole
	BZHIL     R9, AX, AX

whole:
	VPMOVZXBD (BX)(AX*8), Y4
	VPERMD    Y1, Y4, Y1
	VMOVDQU   Y1, (R12)
	POPCNTL   AX, AX
	LEAQ      (R12)(AX*4), R12
	ADDQ      $32, DI
	SUBQ      $8, R9
	JHI       loop

	SUBQ found+0(FP), R12
	SHRQ $2, R12
	MOVQ R12, ret+72(FP)
	VZEROUPPER
	RET

eight: // words, the least there are: all in Y0
	VPSRLD X9, Y3, Y4
	VPERMD Y0, Y4, Y6
	JMP    short
