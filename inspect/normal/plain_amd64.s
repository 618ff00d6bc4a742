//go:build !purego

#include "textflag.h"

// Eight sets of sequences of three bytes, each the product of sets of half
// bytes, in which all characters are that are folded, and few others:
//
//	01  C2 to DF, F0 to FF, 10 to 1F
//	02  7F
//	04  E0, E1, E2, EA, EF
//	08  E3 80 80 (the ideographic space)
//	10  E3 80 9C (the wave dash)
//	20  E3 82 99 to E3 82 9C (voiced marks)
//	40  E3 85 to E3 8F (enclosed letters and months, squared words)
//	80  00 to 08, 0B, 0C, 0E, 0F
//
// First and third byte, by high and by low half; the second one, which tells of E3
// alone, by its low half if its high one is 8.
DATA high1<>+0(SB)/8, $0x0200000000000180
DATA high1<>+8(SB)/8, $0x017c010100000000
GLOBL high1<>(SB), RODATA|NOPTR, $16
DATA low1<>+0(SB)/8, $0x81818181f9858585
DATA low1<>+8(SB)/8, $0x8781018181050181
GLOBL low1<>(SB), RODATA|NOPTR, $16
DATA second<>+0(SB)/8, $0x4040400000200018
DATA second<>+8(SB)/8, $0x4040404040404040
GLOBL second<>(SB), RODATA|NOPTR, $16
DATA high3<>+0(SB)/8, $0xc7c7c7c7c7c7c7c7
DATA high3<>+8(SB)/8, $0xc7c7c7c7c7c7f7cf
GLOBL high3<>(SB), RODATA|NOPTR, $16
DATA low3<>+0(SB)/8, $0xc7c7c7c7c7c7c7cf
DATA low3<>+8(SB)/8, $0xc7c7c7f7e7e7e7c7
GLOBL low3<>(SB), RODATA|NOPTR, $16

DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $8
DATA sixteen<>+0(SB)/8, $0x1010101010101010
GLOBL sixteen<>(SB), RODATA|NOPTR, $8
DATA alone<>+0(SB)/8, $0x8787878787878787 // the sets that the first byte decides
GLOBL alone<>(SB), RODATA|NOPTR, $8

// SETS loads what SUSPECTS needs: Y8 to Y15.
#define SETS \
	VBROADCASTI128 high1<>(SB), Y8; \
	VBROADCASTI128 low1<>(SB), Y9; \
	VBROADCASTI128 second<>(SB), Y10; \
	VBROADCASTI128 high3<>(SB), Y11; \
	VBROADCASTI128 low3<>(SB), Y12; \
	VPBROADCASTQ   nibble<>(SB), Y13; \
	VPBROADCASTQ   sixteen<>(SB), Y14; \
	VPBROADCASTQ   alone<>(SB), Y15

// SUSPECTS leaves the 32 bytes at b in Y0 and in each byte of Y2 the sets that it is
// in with the two behind it. Less 10, a second byte of 80 to 8F is an index and one
// beyond gives nothing.
#define SUSPECTS(b, b1, b2) \
	VMOVDQU b, Y0; \
	VMOVDQU b1, Y1; \
	VMOVDQU b2, Y2; \
	VPSUBB  Y14, Y1, Y1; \
	VPSHUFB Y1, Y10, Y1; \
	VPSRLW  $4, Y2, Y3; \
	VPAND   Y13, Y2, Y2; \
	VPAND   Y13, Y3, Y3; \
	VPSHUFB Y2, Y12, Y2; \
	VPSHUFB Y3, Y11, Y3; \
	VPAND   Y1, Y2, Y2; \
	VPAND   Y3, Y2, Y2; \
	VPOR    Y15, Y2, Y2; \
	VPSRLW  $4, Y0, Y3; \
	VPAND   Y13, Y0, Y1; \
	VPAND   Y13, Y3, Y3; \
	VPSHUFB Y1, Y9, Y1; \
	VPSHUFB Y3, Y8, Y3; \
	VPAND   Y1, Y2, Y2; \
	VPAND   Y3, Y2, Y2; \
	VPTEST  Y2, Y2

// func plainAVX2(b *byte, blocks int) int
TEXT ·plainAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	SETS
	XORQ AX, AX

loop:
	SUSPECTS((SI), 1(SI), 2(SI))
	JNZ  found
	ADDQ $32, SI
	ADDQ $32, AX
	DECQ CX
	JNZ  loop
	JMP  done

found:
	VPXOR     Y3, Y3, Y3
	VPCMPEQB  Y3, Y2, Y2
	VPMOVMSKB Y2, BX
	NOTL      BX
	BSFL      BX, BX
	ADDQ      BX, AX

done:
	VZEROUPPER
	MOVQ AX, ret+16(FP)
	RET

DATA by80<>+0(SB)/8, $0x8080808080808080
GLOBL by80<>(SB), RODATA|NOPTR, $8
DATA by90<>+0(SB)/8, $0x9090909090909090
GLOBL by90<>(SB), RODATA|NOPTR, $8
DATA byA0<>+0(SB)/8, $0xa0a0a0a0a0a0a0a0
GLOBL byA0<>(SB), RODATA|NOPTR, $8
DATA byB0<>+0(SB)/8, $0xb0b0b0b0b0b0b0b0
GLOBL byB0<>(SB), RODATA|NOPTR, $8
DATA beyond<>+0(SB)/8, $0x7070707070707070
GLOBL beyond<>(SB), RODATA|NOPTR, $8
DATA last<>+0(SB)/8, $0x9d9d9d9d9d9d9d9d
GLOBL last<>(SB), RODATA|NOPTR, $8

// ROW adds to R what the row of sixteen at off(BX) has for those bytes of Y whose
// high half is that of H. Of the others saturation leaves no index.
#define ROW(Y, H, off, R) \
	VPBROADCASTQ   H, Y6; \
	VPXOR          Y, Y6, Y6; \
	VPADDUSB       Y7, Y6, Y6; \
	VBROADCASTI128 off(BX), Y5; \
	VPSHUFB        Y6, Y5, Y6; \
	VPOR           Y6, R, R

// KEEP stores those of the lower eight bytes of X at DI that the lowest bits of R11
// tell, and moves both on.
#define KEEP(X) \
	MOVBLZX R11, R10; \
	SHRQ    $8, R11; \
	VPSHUFB (DX)(R10*8), X, X; \
	VMOVQ   X, (DI); \
	POPCNTL R10, R10; \
	ADDQ    R10, DI

// func foldAVX2(dst, src *byte, n int, t *foldTables, keep *[257]uint64, narrow *narrowBlock, most int) (read, written, blocks int)
TEXT ·foldAVX2(SB), NOSPLIT, $0-80
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ t+24(FP), BX
	MOVQ narrow+40(FP), R15
	SETS
	XORQ AX, AX // read
	XORQ R13, R13 // blocks in narrow
	SUBQ $34, CX // where the last block may begin

block:
	SUSPECTS((SI)(AX*1), 1(SI)(AX*1), 2(SI)(AX*1))
	VMOVDQU Y0, (DI)
	JNZ     suspects
	ADDQ    $32, AX
	ADDQ    $32, DI
	CMPQ    AX, CX
	JLE     block

end:
	SUBQ dst+0(FP), DI
	MOVQ AX, read+56(FP)
	MOVQ DI, written+64(FP)
	MOVQ R13, blocks+72(FP)
	VZEROUPPER
	RET

suspects:
	VPXOR     Y3, Y3, Y3
	VPCMPEQB  Y3, Y2, Y2
	VPMOVMSKB Y2, R8
	NOTL      R8

	// Full-width ASCII, EF BC 81 to EF BD 9D, and ideographic spaces in Y3,
	// half-width kana, EF BD A1 to EF BE 9D, in Y4; BD in Y5.
	VMOVDQU 1(SI)(AX*1), Y1
	VMOVDQU 2(SI)(AX*1), Y2
	VPBROADCASTD last<>(SB), Y4
	VPMINUB      Y4, Y2, Y4
	VPCMPEQB     Y4, Y2, Y4  // up to 9D
	VPBROADCASTD 392(BX), Y3 // BC
	VPCMPEQB     Y3, Y1, Y3
	VPBROADCASTD 408(BX), Y6 // 81
	VPMAXUB      Y6, Y2, Y6
	VPCMPEQB     Y6, Y2, Y6
	VPAND        Y6, Y3, Y3
	VPBROADCASTD 396(BX), Y5 // BD
	VPCMPEQB     Y5, Y1, Y5
	VPAND        Y4, Y5, Y6
	VPOR         Y6, Y3, Y3
	VPBROADCASTD 400(BX), Y6 // BE
	VPCMPEQB     Y6, Y1, Y6
	VPAND        Y6, Y4, Y4
	VPBROADCASTD 416(BX), Y6 // A1
	VPMAXUB      Y6, Y2, Y6
	VPCMPEQB     Y6, Y2, Y6
	VPAND        Y5, Y6, Y6
	VPOR         Y6, Y4, Y4
	VPBROADCASTD 388(BX), Y6 // EF
	VPCMPEQB     Y6, Y0, Y6
	VPAND        Y6, Y3, Y3
	VPAND        Y6, Y4, Y4
	VPBROADCASTD 404(BX), Y7 // 80
	VPCMPEQB     Y7, Y1, Y6
	VPCMPEQB     Y7, Y2, Y7
	VPAND        Y6, Y7, Y7
	VPBROADCASTD 384(BX), Y6 // E3
	VPCMPEQB     Y6, Y0, Y6
	VPAND        Y6, Y7, Y7
	VPOR         Y7, Y3, Y3
	VPMOVMSKB    Y3, R9  // those that become one byte
	VPMOVMSKB    Y4, R10 // those that stay three

	// The block ends before what it cuts and before what is left to others.
	MOVL    R9, R11
	ORL     R10, R11
	ANDNL   R8, R11, R8
	SHRL    $30, R11
	SHLL    $30, R11
	BTSQ    $32, R11
	BTSQ    $32, R8
	TZCNTQ  R11, R12
	TZCNTQ  R8, R8
	CMPQ    R8, R12
	CMOVQLT R8, R12
	MOVQ    $-1, DX
	BZHIQ   R12, DX, DX
	ANDQ    DX, R9

	// A full-width character is its third byte less 60, behind BD less 20.
	VPBROADCASTD 420(BX), Y6 // 60
	VPSUBB       Y6, Y2, Y2
	VPBROADCASTD 424(BX), Y6 // 40
	VPAND        Y6, Y5, Y5
	VPADDB       Y5, Y2, Y2
	TESTQ        R10, DX
	JZ           wide

	// Kana: E3 first, and from the tables by the third byte what stands one and
	// two behind the first, to where the mask is moved.
	VPBROADCASTQ beyond<>(SB), Y7
	VPXOR        Y8, Y8, Y8
	ROW(Y1, by80<>(SB), 256, Y8)
	ROW(Y1, by90<>(SB), 272, Y8)
	ROW(Y1, byA0<>(SB), 288, Y8)
	ROW(Y1, byB0<>(SB), 304, Y8)
	VPXOR        Y9, Y9, Y9
	ROW(Y0, by80<>(SB), 320, Y9)
	ROW(Y0, by90<>(SB), 336, Y9)
	ROW(Y0, byA0<>(SB), 352, Y9)
	ROW(Y0, byB0<>(SB), 368, Y9)
	VPBROADCASTD 384(BX), Y6 // E3
	VPBLENDVB    Y4, Y6, Y0, Y0
	VPERM2I128   $0x08, Y4, Y4, Y5
	VPALIGNR     $15, Y5, Y4, Y6
	VPALIGNR     $14, Y5, Y4, Y5
	VPBLENDVB    Y6, Y8, Y0, Y0
	VPBLENDVB    Y5, Y9, Y0, Y0
	VBROADCASTI128 high1<>(SB), Y8
	VBROADCASTI128 low1<>(SB), Y9

wide:
	TESTQ R9, R9
	JZ    moved

	// The two bytes behind are dropped.
	VPBLENDVB Y3, Y2, Y0, Y0
	LEAQ  (R9)(R9*1), R11
	LEAQ  0(R9*4), R10
	ORQ   R10, R11
	ANDNQ DX, R11, R11
	MOVQ  AX, (R15)
	MOVQ  R9, 8(R15)
	ADDQ  $16, R15
	INCQ  R13
	MOVQ  keep+32(FP), DX
	VEXTRACTI128 $1, Y0, X2
	VPSRLDQ $8, X0, X1
	VPSRLDQ $8, X2, X3
	KEEP(X0)
	KEEP(X1)
	KEEP(X2)
	KEEP(X3)
	JMP  next

moved:
	VMOVDQU Y0, (DI)
	ADDQ    R12, DI

next:
	ADDQ R12, AX
	CMPQ R8, $32
	JEQ  all
	CMPQ R8, R12
	JEQ  end

all:
	CMPQ AX, CX
	JGT  end
	CMPQ R13, most+48(FP)
	JLT  block
	JMP  end
