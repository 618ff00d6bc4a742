//go:build !purego

#include "textflag.h"

// What a byte and the high half of the one before it can be wrong in, by the
// bits of Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per
// Byte" (2021): 1 too short, 2 too long, 4 overlong of three, 8 too large, 16
// surrogate, 32 overlong of two, 64 too large or overlong of four, 128 two
// continuations. By the high half of the byte before, by its low half, and by the high
// half of the byte itself:
DATA sets<>+0(SB)/8, $0x0202020202020202
DATA sets<>+8(SB)/8, $0x4915012180808080
DATA sets<>+16(SB)/8, $0xcbcbcb8b8383a3e7
DATA sets<>+24(SB)/8, $0xcbcbdbcbcbcbcbcb
DATA sets<>+32(SB)/8, $0x0101010101010101
DATA sets<>+40(SB)/8, $0x01010101babaaee6

// By the high half of the byte two before, and three before: whether it asks for two
// continuations in a row.
DATA sets<>+48(SB)/8, $0x0000000000000000
DATA sets<>+56(SB)/8, $0x8080000000000000
DATA sets<>+64(SB)/8, $0x0000000000000000
DATA sets<>+72(SB)/8, $0x8000000000000000

// Control characters, other than those that move on in a text (09 to 0D), of the
// first 32.
DATA sets<>+80(SB)/8, $0x0101010101010101
DATA sets<>+88(SB)/8, $0x0101000000000001
DATA sets<>+96(SB)/8, $0x0101010101010101
DATA sets<>+104(SB)/8, $0x0101010101010101
GLOBL sets<>(SB), RODATA|NOPTR, $112

// ERRORS leaves in E what is wrong with the 16 bytes V0 at off. Two continuations are
// right where a lead of three or four stands two before, or one of four stands three
// before, and only there. TBL gives zero for what is beyond its table.
#define ERRORS(off, V0, E) \
	FMOVQ (off-1)(R0), F2; \
	FMOVQ (off-2)(R0), F3; \
	FMOVQ (off-3)(R0), F4; \
	VUSHR $4, V2.B16, V5.B16; \
	VAND  V31.B16, V2.B16, V2.B16; \
	VUSHR $4, V0.B16, V6.B16; \
	VUSHR $4, V3.B16, V3.B16; \
	VUSHR $4, V4.B16, V4.B16; \
	VTBL  V5.B16, [V16.B16], V5.B16; \
	VTBL  V2.B16, [V17.B16], V2.B16; \
	VTBL  V6.B16, [V18.B16], V6.B16; \
	VTBL  V3.B16, [V19.B16], V3.B16; \
	VTBL  V4.B16, [V20.B16], V4.B16; \
	VAND  V2.B16, V5.B16, V5.B16; \
	VORR  V4.B16, V3.B16, V3.B16; \
	VAND  V6.B16, V5.B16, V5.B16; \
	VEOR  V3.B16, V5.B16, E.B16

// CONTROLS adds to V30 which bytes of V0 are control characters.
#define CONTROLS(V0) \
	VTBL V0.B16, [V21.B16, V22.B16], V5.B16; \
	VORR V5.B16, V30.B16, V30.B16

// WORD64 leaves in R4 a word of the two in V, ORed. It uses R5.
#define WORD64(V) \
	VMOV V.D[0], R4; \
	VMOV V.D[1], R5; \
	ORR  R5, R4, R4

// func validNEON(b *byte, blocks int) (n int, controls bool)
TEXT ·validNEON(SB), NOSPLIT, $0-25
	MOVD b+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVD $sets<>(SB), R3
	FLDPQ (R3), (F16, F17)
	FLDPQ 32(R3), (F18, F19)
	FLDPQ 64(R3), (F20, F21)
	FMOVQ 96(R3), F22
	VMOVI $0x0f, V31.B16
	VEOR  V30.B16, V30.B16, V30.B16
	MOVD  ZR, R2

loop:
	FLDPQ (R0), (F0, F1)
	FMOVQ -3(R0), F2
	CONTROLS(V0)
	CONTROLS(V1)
	VORR  V0.B16, V1.B16, V3.B16
	VORR  V2.B16, V3.B16, V3.B16
	WORD64(V3)
	TST   $0x8080808080808080, R4
	BEQ   next // nothing else can be wrong
	ERRORS(0, V0, V7)
	ERRORS(16, V1, V8)
	VORR  V7.B16, V8.B16, V7.B16
	WORD64(V7)
	CBNZ  R4, done

next:
	ADD  $32, R0, R0
	ADD  $32, R2, R2
	SUB  $1, R1, R1
	CBNZ R1, loop

done:
	WORD64(V30)
	CMP  $0, R4
	CSET NE, R4
	MOVD R2, n+16(FP)
	MOVB R4, controls+24(FP)
	RET

// func asciiNEON(b *byte, blocks int) int
TEXT ·asciiNEON(SB), NOSPLIT, $0-24
	MOVD b+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVD ZR, R2

next:
	FLDPQ (R0), (F0, F1)
	FLDPQ 32(R0), (F2, F3)
	VORR  V0.B16, V1.B16, V0.B16
	VORR  V2.B16, V3.B16, V2.B16
	VORR  V0.B16, V2.B16, V0.B16
	WORD64(V0)
	TST   $0x8080808080808080, R4
	BNE   end
	ADD   $64, R0, R0
	ADD   $1, R2, R2
	CMP   R1, R2
	BNE   next

end:
	MOVD R2, ret+16(FP)
	RET
