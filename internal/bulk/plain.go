package bulk

// run is how many bytes fillPlain copies at once: they stay in the first cache.
const run = 4 << 10

// fillPlain repeats p over dst with the runtime's copy, which has the widest
// stores of every processor.
func fillPlain(dst []byte, p *pattern) {
	n := copy(dst, p[:])
	for n < min(len(dst), run) {
		n += copy(dst[n:], dst[:n])
	}
	// n is run now, a whole number of periods, or all of dst.
	for at := n; at < len(dst); {
		at += copy(dst[at:], dst[:n])
	}
}
