//go:build !race && !msan && !asan

#include "textflag.h"

// Both functions write single bytes up to the beginning of a cache line and
// after the last whole one, and the lines between with MOVNTO, the assembler's
// name for MOVNTDQ. That is SSE2, which every amd64 has. It leaves the upper
// halves of the vector registers alone; AVX and AVX-512 were no faster.
//
// A fault in here is one of the goroutine's, as in the runtime's memmove: the
// functions have no frame, and call nothing.
//
// They end with SFENCE. Non-temporal stores are the exception from the rule
// that stores become visible in their order: without it, another thread or
// process could see an ordinary store that comes later, which tells it that the
// memory is ready, and the old memory. Stores with a LOCK prefix wait by
// themselves, but sync/atomic and the runtime do not promise to use them.

// func fillStream(dst []byte, p *pattern)
TEXT ·fillStream(SB), NOSPLIT, $0-32
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ p+24(FP), SI
	XORL AX, AX             // of the period, what was written: 0 to 15

fillhead:
	TESTQ $63, DI
	JZ    filllines
	TESTQ CX, CX
	JZ    filled
	MOVB  (SI)(AX*1), BX
	MOVB  BX, (DI)
	INCQ  DI
	DECQ  CX
	INCL  AX
	ANDL  $15, AX
	JMP   fillhead

filllines:
	MOVOU (SI)(AX*1), X0
	SUBQ  $64, CX
	JLT   filltail

fillline:
	MOVNTO X0, (DI)
	MOVNTO X0, 16(DI)
	MOVNTO X0, 32(DI)
	MOVNTO X0, 48(DI)
	ADDQ   $64, DI
	SUBQ   $64, CX
	JGE    fillline

filltail:
	ADDQ $64, CX
	JZ   filled

fillbyte:
	MOVB (SI)(AX*1), BX
	MOVB BX, (DI)
	INCQ DI
	INCL AX
	ANDL $15, AX
	DECQ CX
	JNZ  fillbyte

filled:
	SFENCE
	RET

// func copyStream(dst, src []byte)
TEXT ·copyStream(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ src_base+24(FP), SI

copyhead:
	TESTQ $63, DI
	JZ    copylines
	TESTQ CX, CX
	JZ    copied
	MOVB  (SI), BX
	MOVB  BX, (DI)
	INCQ  SI
	INCQ  DI
	DECQ  CX
	JMP   copyhead

copylines:
	SUBQ $64, CX
	JLT  copytail

copyline:
	PREFETCHNTA 1024(SI)       // does not fault behind the end
	MOVOU       (SI), X0
	MOVOU       16(SI), X1
	MOVOU       32(SI), X2
	MOVOU       48(SI), X3
	MOVNTO      X0, (DI)
	MOVNTO      X1, 16(DI)
	MOVNTO      X2, 32(DI)
	MOVNTO      X3, 48(DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $64, CX
	JGE         copyline

copytail:
	ADDQ $64, CX
	JZ   copied

copybyte:
	MOVB (SI), BX
	MOVB BX, (DI)
	INCQ SI
	INCQ DI
	DECQ CX
	JNZ  copybyte

copied:
	SFENCE
	RET
