//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// What lowers ASCII letters: with 0x3f added they, and only they, are the sixteen
// and ten least of the signed bytes.
DATA letter<>+0(SB)/8, $0x3f3f3f3f3f3f3f3f
DATA letter<>+8(SB)/8, $0x3f3f3f3f3f3f3f3f
DATA letter<>+16(SB)/8, $0x3f3f3f3f3f3f3f3f
DATA letter<>+24(SB)/8, $0x3f3f3f3f3f3f3f3f
GLOBL letter<>(SB), RODATA|NOPTR, $32

DATA beyondZ<>+0(SB)/8, $0x9a9a9a9a9a9a9a9a
DATA beyondZ<>+8(SB)/8, $0x9a9a9a9a9a9a9a9a
DATA beyondZ<>+16(SB)/8, $0x9a9a9a9a9a9a9a9a
DATA beyondZ<>+24(SB)/8, $0x9a9a9a9a9a9a9a9a
GLOBL beyondZ<>(SB), RODATA|NOPTR, $32

// LOWER adds fold to the letters in x. letter and beyond hold the two constants.
#define LOWER(x, letter, beyond, fold, tmp) \
	VPADDB   letter, x, tmp; \
	VPCMPGTB tmp, beyond, tmp; \
	VPAND    fold, tmp, tmp; \
	VPOR     tmp, x, x

// HASH finds where the prefix of the word in BX has its slot: what cut leaves of it
// with class. It notes tag and slot at R8, and asks for the slot. Scalar
// multiplications of 64 bits and loads are faster here than what AVX2 has for both.
#define HASH(cut, class) \
	MOVQ    cut, CX; \
	ANDQ    BX, CX; \
	ORQ     class, CX; \
	IMULQ   R13, CX; \
	MOVQ    CX, DX; \
	SHRQ    $32, DX; \
	XORQ    DX, CX; \
	IMULQ   R14, CX; \
	MOVQ    seedShift-8(SP), DX; \
	SHRXQ   DX, CX, DX; \
	MOVWLZX (R10)(DX*2), DX; \
	IMULQ   R13, DX; \
	XORQ    CX, DX; \
	IMULQ   R15, DX; \
	MOVQ    slotShift-16(SP), AX; \
	SHRXQ   AX, DX, DX; \
	PREFETCHT0 (R11)(DX*8); \
	MOVL    CX, (R8); \
	MOVL    DX, 4(R8); \
	ADDQ    $8, R8

// LEAD writes a lead at offset AX to R12, which stays if the slot noted at R8 has
// the tag.
#define LEAD \
	MOVL  (R8), CX; \
	MOVL  4(R8), DX; \
	MOVL  AX, (R12); \
	MOVL  4(R11)(DX*8), BX; \
	MOVL  BX, 4(R12); \
	XORL  BX, BX; \
	CMPL  CX, (R11)(DX*8); \
	SETEQ BX; \
	LEAQ  (R12)(BX*8), R12; \
	ADDQ  $8, R8

// func leadsAVX2(found *uint32, n int, part *byte, base int, p *probe, dst *lead) int
TEXT ·leadsAVX2(SB), NOSPLIT, $584-56
	MOVQ found+0(FP), DI
	MOVQ n+8(FP), R9
	LEAQ (DI)(R9*4), AX
	MOVQ AX, end-56(SP)
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ p+32(FP), BX
	MOVQ dst+40(FP), R12
	MOVQ probe_seeds(BX), R10
	MOVQ probe_slots(BX), R11
	MOVQ probe_seedShift(BX), AX
	MOVQ AX, seedShift-8(SP)
	MOVQ probe_slotShift(BX), AX
	MOVQ AX, slotShift-16(SP)
	MOVQ probe_cut(BX), AX
	MOVQ AX, cut0-24(SP)
	MOVQ probe_cut+8(BX), AX
	MOVQ AX, cut1-32(SP)
	MOVQ probe_class(BX), AX
	MOVQ AX, class0-40(SP)
	MOVQ probe_class+8(BX), AX
	MOVQ AX, class1-48(SP)
	VMOVQ probe_fold(BX), X5
	VMOVDQU letter<>(SB), X3
	VMOVDQU beyondZ<>(SB), X4
	MOVQ $0x9e3779b97f4a7c15, R13
	MOVQ $0xd6e8feb86659fd93, R14
	MOVQ $0xff51afd7ed558ccd, R15
	MOVQ probe_second(BX), AX
	MOVQ AX, second-64(SP)

batch: // of 32 offsets: all their slots are on their way before the first is looked at
	MOVQ DI, start-72(SP)
	LEAQ notes-584(SP), R8
	LEAQ 128(DI), R9
	CMPQ R9, end-56(SP)
	JLS  hash
	MOVQ end-56(SP), R9

hash:
	CMPQ second-64(SP), $0
	JNE  hashBoth

hashOne:
	MOVL (DI), AX
	VMOVQ (SI)(AX*1), X0
	LOWER(X0, X3, X4, X5, X1)
	VMOVQ X0, BX
	HASH(cut0-24(SP), class0-40(SP))
	ADDQ $4, DI
	CMPQ DI, R9
	JB   hashOne
	MOVQ start-72(SP), DI
	LEAQ notes-584(SP), R8

leadOne:
	MOVL (DI), AX
	LEAD
	ADDQ $4, DI
	CMPQ DI, R9
	JB   leadOne
	CMPQ DI, end-56(SP)
	JB   batch
	JMP  done

hashBoth: // of each offset the shorter first
	MOVL (DI), AX
	VMOVQ (SI)(AX*1), X0
	LOWER(X0, X3, X4, X5, X1)
	VMOVQ X0, BX
	HASH(cut0-24(SP), class0-40(SP))
	HASH(cut1-32(SP), class1-48(SP))
	ADDQ $4, DI
	CMPQ DI, R9
	JB   hashBoth
	MOVQ start-72(SP), DI
	LEAQ notes-584(SP), R8

leadBoth:
	MOVL (DI), AX
	LEAD
	LEAD
	ADDQ $4, DI
	CMPQ DI, R9
	JB   leadBoth
	CMPQ DI, end-56(SP)
	JB   batch

done:
	SUBQ dst+40(FP), R12
	SHRQ $3, R12
	MOVQ R12, ret+48(FP)
	RET

DATA steps<>+0(SB)/8, $0x0000000000000000
DATA steps<>+8(SB)/8, $0x0000000100000000
DATA steps<>+16(SB)/8, $0x0000000200000000
DATA steps<>+24(SB)/8, $0x0000000300000000
GLOBL steps<>(SB), RODATA|NOPTR, $32

// ASK asks for where item i begins, or with -1 for where the one before it ends.
#define ASK(i, end) \
	LEAQ (i)(i*2), R15; \
	PREFETCHT0 end(R14)(R15*8)

// func expandAVX2(leads *lead, n int, part *byte, base int, ninth *byte, items *item, fold uint64, pairs *[...]lead) (done, np int)
TEXT ·expandAVX2(SB), NOSPLIT, $0-80
	MOVQ leads+0(FP), R8
	MOVQ n+8(FP), R9
	LEAQ (R8)(R9*8), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ ninth+32(FP), R11
	MOVQ items+40(FP), R14
	MOVQ pairs+56(FP), DI
	MOVQ DI, R12
	LEAQ (8*const_pairCount)(DI), R10
	VMOVDQU steps<>(SB), Y0
	VMOVDQU letter<>(SB), Y3
	VMOVDQU beyondZ<>(SB), Y4
	VPBROADCASTQ fold+48(FP), Y5
	VPXOR Y6, Y6, Y6

loop:
	MOVL (R8), AX
	MOVL 4(R8), CX
	MOVL CX, DX
	ANDL $const_maxFew, DX
	JZ   large
	SHRL $const_refBits, CX
	CMPL DX, $4
	JHI  many
	ASK(CX, 0)
	LEAQ (CX)(DX*1), BX
	ASK(BX, -1)
	SHLQ $32, CX
	ORQ  CX, AX
	VMOVQ AX, X1
	VPBROADCASTQ X1, Y1
	VPADDQ Y0, Y1, Y1
	VMOVDQU Y1, (DI)
	LEAQ (DI)(DX*8), DI

next:
	ADDQ $8, R8
	CMPQ R8, R9
	JAE  done
	CMPQ DI, R10
	JB   loop

done:
	SUBQ leads+0(FP), R8
	SHRQ $3, R8
	MOVQ R8, done+64(FP)
	SUBQ R12, DI
	SHRQ $3, DI
	MOVQ DI, np+72(FP)
	VZEROUPPER
	RET

large:
	TESTL CX, CX
	JZ    next // a free slot
	JMP   done

many: // Only those whose ninth byte is the text's, or that have none.
	VPBROADCASTB 8(SI)(AX*1), Y1
	LOWER(Y1, Y3, Y4, Y5, Y2)
	VMOVDQU (R11)(CX*1), Y2
	VPCMPEQB Y2, Y1, Y1
	VPCMPEQB Y2, Y6, Y2
	VPOR Y2, Y1, Y1
	VPMOVMSKB Y1, BX
	BZHIL DX, BX, BX
	POPCNTL BX, DX
	LEAQ (DI)(DX*8), R13
	// Two without asking how many there are, which cannot be foreseen.
	TZCNTL BX, DX
	ADDL CX, DX
	ASK(DX, 0)
	MOVL AX, (DI)
	MOVL DX, 4(DI)
	BLSRL BX, BX
	TZCNTL BX, DX
	ADDL CX, DX
	MOVL AX, 8(DI)
	MOVL DX, 12(DI)
	BLSRL BX, BX
	JZ   few

more:
	TZCNTL BX, DX
	ADDL CX, DX
	MOVL AX, 16(DI)
	MOVL DX, 20(DI)
	ADDQ $8, DI
	BLSRL BX, BX
	JNZ  more

few:
	MOVQ R13, DI
	JMP  next

// func confirmAVX2(pairs *lead, n int, part *byte, base, limit int, items *item, fold uint64, dst *Hit) (size, extras int)
TEXT ·confirmAVX2(SB), NOSPLIT, $0-80
	MOVQ pairs+0(FP), DI
	MOVQ n+8(FP), R9
	LEAQ (DI)(R9*8), R9
	MOVQ part+16(FP), SI
	SUBQ base+24(FP), SI
	MOVQ limit+32(FP), R10
	MOVQ items+40(FP), R8
	VPBROADCASTQ fold+48(FP), X5
	MOVQ dst+56(FP), R12
	VMOVDQU letter<>(SB), X3
	VMOVDQU beyondZ<>(SB), X4
	XORL R11, R11

loop:
	MOVL (DI), AX
	MOVL 4(DI), BX
	LEAQ (BX)(BX*2), BX // eight of these are an item
	VMOVDQU (SI)(AX*1), X0
	LOWER(X0, X3, X4, X5, X1)

	// CX: where text and literal differ, within its first sixteen bytes.
	VPCMPEQB (R8)(BX*8), X0, X0
	VPMOVMSKB X0, CX
	NOTL CX
	MOVBLZX 22(R8)(BX*8), DX
	BZHIL DX, CX, CX

	// The hit: DX is its end, R13 whether it has an extra.
	MOVWLZX 20(R8)(BX*8), DX
	ADDL AX, DX
	MOVL R10, R14
	SUBL DX, R14
	SARL $31, R14 // beyond the text's end
	MOVL AX, (R12)
	MOVBLZX 23(R8)(BX*8), R13
	MOVL R13, AX
	SHLL $31, AX
	ORL  AX, DX
	MOVL DX, 4(R12)
	MOVL 16(R8)(BX*8), AX
	MOVL AX, 8(R12)

	// It stays if it is one.
	XORL AX, AX
	ORL  R14, CX
	SETEQ AX
	ANDL AX, R13
	ORL  R13, R11
	LEAQ (AX)(AX*2), AX
	LEAQ (R12)(AX*4), R12
	ADDQ $8, DI
	CMPQ DI, R9
	JB   loop

	SUBQ dst+56(FP), R12
	MOVQ R12, size+64(FP)
	MOVQ R11, extras+72(FP)
	RET
