package chunk

// A Range is the half-open range of indices [Lo, Hi). It is what the rest of
// the package deals in; every Range made here has 0 <= Lo < Hi.
type Range struct{ Lo, Hi int }

// Len returns Hi - Lo, the number of indices in r. It does not correct a Range
// written by hand with Hi < Lo, whose length is negative.
func (r Range) Len() int { return r.Hi - r.Lo }
