//go:build !purego

#include "textflag.h"

// CONSTANTS loads what all kernels need. V28 has a bit for each of eight bytes.
#define CONSTANTS \
	MOVD $0x8040201008040201, R9; \
	VDUP R9, V28.D2

// LOAD loads the bytes at off from the text, for 64 offsets, into V4 to V7.
#define LOAD(off) \
	FMOVQ off(R0), F4; \
	FMOVQ (16+off)(R0), F5; \
	FMOVQ (32+off)(R0), F6; \
	FMOVQ (48+off)(R0), F7

// TABLE loads the 64 entries at off of the marks into V0 to V3. Four registers are what
// one TBL can look up in: of the marks' seven tables no more than one is kept there, for
// all four vectors of a block.
#define TABLE(off) \
	FLDPQ off(R3), (F0, F1); \
	FLDPQ (32+off)(R3), (F2, F3)

// LOW takes the low six bits of V4 to V7 to V8 to V11. TBL gives zeros for what is
// beyond its table.
#define LOW \
	VAND V31.B16, V4.B16, V8.B16; \
	VAND V31.B16, V5.B16, V9.B16; \
	VAND V31.B16, V6.B16, V10.B16; \
	VAND V31.B16, V7.B16, V11.B16

// HIGH takes the high six bits.
#define HIGH \
	VUSHR $2, V4.B16, V8.B16; \
	VUSHR $2, V5.B16, V9.B16; \
	VUSHR $2, V6.B16, V10.B16; \
	VUSHR $2, V7.B16, V11.B16

// NARROW looks up V8 to V11 in the table at off, and clears in V16 to V19 the buckets that
// do not allow them.
#define NARROW(off) \
	TABLE(off); \
	VTBL V8.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V8.B16; \
	VTBL V9.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V9.B16; \
	VTBL V10.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V10.B16; \
	VTBL V11.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V11.B16; \
	VAND V8.B16, V16.B16, V16.B16; \
	VAND V9.B16, V17.B16, V17.B16; \
	VAND V10.B16, V18.B16, V18.B16; \
	VAND V11.B16, V19.B16, V19.B16

// LITERALS leaves in V16 to V19 the buckets that are possible at 64 offsets. V4 to V7
// are the bytes there.
#define LITERALS \
	LOW; \
	TABLE(0); \
	VTBL V8.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V16.B16; \
	VTBL V9.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V17.B16; \
	VTBL V10.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V18.B16; \
	VTBL V11.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V19.B16; \
	HIGH; \
	NARROW(320); \
	LOAD(1); \
	LOW; \
	NARROW(64); \
	HIGH; \
	NARROW(384); \
	LOAD(2); \
	LOW; \
	NARROW(128); \
	LOAD(3); \
	LOW; \
	NARROW(192); \
	LOAD(5); \
	LOW; \
	NARROW(256)

// BITS leaves one bit of each byte of a to d, which are zeros or ones throughout, in a:
// its place in the eight to which it belongs. Two neighbours are yet to be added.
#define BITS(a, b, c, d) \
	VAND  V28.B16, a.B16, a.B16; \
	VAND  V28.B16, b.B16, b.B16; \
	VAND  V28.B16, c.B16, c.B16; \
	VAND  V28.B16, d.B16, d.B16; \
	VADDP b.B16, a.B16, a.B16; \
	VADDP d.B16, c.B16, c.B16; \
	VADDP c.B16, a.B16, a.B16

// POSSIBLE leaves a bit in R9 for each of the 64 offsets that has a bucket.
#define POSSIBLE \
	VCMTST V16.B16, V16.B16, V16.B16; \
	VCMTST V17.B16, V17.B16, V17.B16; \
	VCMTST V18.B16, V18.B16, V18.B16; \
	VCMTST V19.B16, V19.B16, V19.B16; \
	BITS(V16, V17, V18, V19); \
	VADDP  V16.B16, V16.B16, V16.B16; \
	VMOV   V16.D[0], R9

// ANY leaves in R9 zero if no offset has a bucket. It uses R10.
#define ANY \
	VORR V16.B16, V17.B16, V20.B16; \
	VORR V18.B16, V19.B16, V21.B16; \
	VORR V20.B16, V21.B16, V20.B16; \
	VMOV V20.D[0], R9; \
	VMOV V20.D[1], R10; \
	ORR  R10, R9, R9

// NEXT writes the offset of the lowest bit of R9, from base R2, to off(p), and takes the
// bit away. Without one it writes what is written over.
#define NEXT(off, p) \
	RBIT R9, R11; \
	CLZ  R11, R11; \
	ADDW R2, R11, R11; \
	MOVW R11, off(p); \
	SUB  $1, R9, R12; \
	AND  R12, R9, R9

// EIGHT lists eight bits of R9 at p, without asking how many there are: that could not be
// foreseen.
#define EIGHT(p) \
	NEXT(0, p); \
	NEXT(4, p); \
	NEXT(8, p); \
	NEXT(12, p); \
	NEXT(16, p); \
	NEXT(20, p); \
	NEXT(24, p); \
	NEXT(28, p); \
	ADD $32, p, p

// END leaves in R10 where a list at p ends, to which the bits of R9 come.
#define END(p) \
	FMOVD   R9, F20; \
	VCNT    V20.B8, V20.B8; \
	VUADDLV V20.B8, V20; \
	FMOVD   F20, R10; \
	ADD     R10<<2, p, R10

// func markNEON(text *byte, blocks, base int, m *marks, found *uint32, edges *int32, ats *[...]uint64, carry uint64) (nf, ne int, seen uint64)
TEXT ·markNEON(SB), NOSPLIT, $0-88
	MOVD text+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVD base+16(FP), R2
	MOVD m+24(FP), R3
	MOVD found+32(FP), R4
	MOVD edges+40(FP), R5
	MOVD ats+48(FP), R6
	MOVD carry+56(FP), R7 // 1 if the byte before is a digit
	MOVD ZR, R8           // all masks of "@"
	CONSTANTS
	VMOVI $0x3f, V31.B16
	VMOVI $0x30, V30.B16
	VMOVI $9, V29.B16
	VMOVI $0x40, V27.B16

loop:
	LOAD(0)
	VSUB  V30.B16, V4.B16, V8.B16
	VSUB  V30.B16, V5.B16, V9.B16
	VSUB  V30.B16, V6.B16, V10.B16
	VSUB  V30.B16, V7.B16, V11.B16
	VUMIN V29.B16, V8.B16, V12.B16
	VUMIN V29.B16, V9.B16, V13.B16
	VUMIN V29.B16, V10.B16, V14.B16
	VUMIN V29.B16, V11.B16, V15.B16
	VCMEQ V8.B16, V12.B16, V12.B16
	VCMEQ V9.B16, V13.B16, V13.B16
	VCMEQ V10.B16, V14.B16, V14.B16
	VCMEQ V11.B16, V15.B16, V15.B16
	BITS(V12, V13, V14, V15)
	VCMEQ V27.B16, V4.B16, V20.B16
	VCMEQ V27.B16, V5.B16, V21.B16
	VCMEQ V27.B16, V6.B16, V22.B16
	VCMEQ V27.B16, V7.B16, V23.B16
	BITS(V20, V21, V22, V23)
	VADDP V20.B16, V12.B16, V12.B16 // digits, then "@"
	VMOV  V12.D[0], R10
	VMOV  V12.D[1], R11
	MOVD.P R11, 8(R6)
	ORR   R11, R8, R8

	// Digits: where being one changes.
	ORR R10<<1, R7, R9
	LSR $63, R10, R7
	EOR R10, R9, R9
	CBZ R9, marks // foreseen more often than not: digits stand near digits
	END(R5)

edges:
	EIGHT(R5)
	CBNZ R9, edges
	MOVD R10, R5

marks:
	LITERALS
	POSSIBLE
	CBZ R9, next
	END(R4)

found:
	EIGHT(R4)
	CBNZ R9, found
	MOVD R10, R4

next:
	ADD  $64, R0, R0
	ADD  $64, R2, R2
	SUB  $1, R1, R1
	CBNZ R1, loop

	MOVD found+32(FP), R9
	SUB  R9, R4, R4
	LSR  $2, R4, R4
	MOVD R4, nf+64(FP)
	MOVD edges+40(FP), R9
	SUB  R9, R5, R5
	LSR  $2, R5, R5
	MOVD R5, ne+72(FP)
	MOVD R8, seen+80(FP)
	RET

// func literalsNEON(text *byte, blocks, base int, m *marks, found *uint32) int
TEXT ·literalsNEON(SB), NOSPLIT, $0-48
	MOVD text+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVD base+16(FP), R2
	MOVD m+24(FP), R3
	MOVD found+32(FP), R4
	CONSTANTS
	VMOVI $0x3f, V31.B16

loop:
	LOAD(0)
	LITERALS
	ANY
	CBZ R9, next // foreseen: most blocks have none, or most have some
	POSSIBLE
	END(R4)

found:
	EIGHT(R4)
	CBNZ R9, found
	MOVD R10, R4

next:
	ADD  $64, R0, R0
	ADD  $64, R2, R2
	SUB  $1, R1, R1
	CBNZ R1, loop

	MOVD found+32(FP), R9
	SUB  R9, R4, R4
	LSR  $2, R4, R4
	MOVD R4, ret+40(FP)
	RET

// NIBBLES takes the low four bits of V4 to V7 to V8 to V11, and shifts the high four
// down.
#define NIBBLES \
	VAND  V31.B16, V4.B16, V8.B16; \
	VAND  V31.B16, V5.B16, V9.B16; \
	VAND  V31.B16, V6.B16, V10.B16; \
	VAND  V31.B16, V7.B16, V11.B16; \
	VUSHR $4, V4.B16, V4.B16; \
	VUSHR $4, V5.B16, V5.B16; \
	VUSHR $4, V6.B16, V6.B16; \
	VUSHR $4, V7.B16, V7.B16

// LOOK4 looks up a to d in the table t, into a to d.
#define LOOK4(t, a, b, c, d) \
	VTBL a.B16, [t.B16], a.B16; \
	VTBL b.B16, [t.B16], b.B16; \
	VTBL c.B16, [t.B16], c.B16; \
	VTBL d.B16, [t.B16], d.B16

// KEEP clears in V16 to V19 the buckets that are not in a to d.
#define KEEP(a, b, c, d) \
	VAND a.B16, V16.B16, V16.B16; \
	VAND b.B16, V17.B16, V17.B16; \
	VAND c.B16, V18.B16, V18.B16; \
	VAND d.B16, V19.B16, V19.B16

// LOOK looks up the bytes at off by their low and high four bits, in low and high.
#define LOOK(off, low, high) \
	LOAD(off); \
	NIBBLES; \
	LOOK4(low, V8, V9, V10, V11); \
	LOOK4(high, V4, V5, V6, V7); \
	KEEP(V8, V9, V10, V11); \
	KEEP(V4, V5, V6, V7)

// FIRST is LOOK for the first bytes of all.
#define FIRST(off, low, high) \
	LOAD(off); \
	NIBBLES; \
	LOOK4(low, V8, V9, V10, V11); \
	LOOK4(high, V4, V5, V6, V7); \
	VAND V8.B16, V4.B16, V16.B16; \
	VAND V9.B16, V5.B16, V17.B16; \
	VAND V10.B16, V6.B16, V18.B16; \
	VAND V11.B16, V7.B16, V19.B16

// func shapesNEON(text *byte, blocks, base int, m *marks, found *uint32) int
TEXT ·shapesNEON(SB), NOSPLIT, $0-48
	MOVD text+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVD base+16(FP), R2
	MOVD m+24(FP), R3
	MOVD found+32(FP), R4
	CONSTANTS
	VMOVI $0x0f, V31.B16
	FLDPQ 656(R3), (F0, F1)   // low4 of the first four bytes
	FLDPQ 688(R3), (F2, F3)
	FLDPQ 736(R3), (F24, F25) // high4
	FLDPQ 768(R3), (F26, F27)

loop:
	FIRST(1, V0, V24)
	LOOK(2, V1, V25)
	LOOK(3, V2, V26)
	LOOK(4, V3, V27)
	ANY
	CBZ R9, next // as above
	POSSIBLE
	END(R4)

found:
	EIGHT(R4)
	CBNZ R9, found
	MOVD R10, R4

next:
	ADD  $64, R0, R0
	ADD  $64, R2, R2
	SUB  $1, R1, R1
	CBNZ R1, loop

	MOVD found+32(FP), R9
	SUB  R9, R4, R4
	LSR  $2, R4, R4
	MOVD R4, ret+40(FP)
	RET
