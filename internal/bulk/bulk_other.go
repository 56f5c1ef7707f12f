//go:build !amd64 || race || msan || asan

package bulk

func fillBlock(dst []byte, p *pattern) { fillPlain(dst, p) }

func copyBlock(dst, src []byte) { copy(dst, src) }
