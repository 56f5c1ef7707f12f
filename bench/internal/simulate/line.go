package simulate

// A line is a cache line that several workers use.
type line struct {
	writer int     // the worker whose cache has it
	shared bool    // another has read it since
	free   float64 // when the last write so far is over
}

// write returns when worker w has written l, if it wants to from t on. Writes
// must be asked for in the order of time.
func (l *line) write(m *Machine, w int, t float64) float64 {
	here := max(t, l.free)
	if l.writer != w || l.shared {
		here = max(t+m.Transfer, l.free+m.Handoff)
	}
	l.writer, l.shared = w, false
	l.free = here + m.Claim
	return l.free
}

// read returns when worker w has read l, if it wants to from t on.
func (l *line) read(m *Machine, w int, t float64) float64 {
	if l.writer == w {
		return t + m.Load
	}
	l.shared = true
	return t + m.Transfer
}
