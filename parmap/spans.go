package parmap

// spansKept is how many spans of a worker are kept, and how many with an error: 1 MiB each.
const spansKept = 1 << 14

// spans are a worker's: if there are more than are kept, of each two that follow each
// other the longer, then of each four, and so on.
type spans struct {
	all     []Span
	failed  []Span // with an error: the first of them
	stride  int    // the next to be kept is the longest of so many; 0: 1
	seen    int    // of these so far
	longest Span   // of these
	dropped int
}

func (s *spans) add(v Span) {
	if v.Err != nil && len(s.failed) < spansKept {
		s.failed = append(s.failed, v)
		return
	}
	if s.seen++; s.seen > 1 {
		s.dropped++
	}
	if s.seen == 1 || v.Duration() > s.longest.Duration() {
		s.longest = v
	}
	if s.seen < s.stride {
		return
	}
	if len(s.all) < spansKept {
		s.flush()
		return
	}
	kept := s.all[:0]
	for i := 0; i+1 < len(s.all); i += 2 {
		v := s.all[i]
		if w := s.all[i+1]; w.Duration() > v.Duration() {
			v = w
		}
		kept = append(kept, v)
	}
	s.dropped += spansKept - len(kept)
	s.all, s.stride = kept, max(2, 2*s.stride)
}

// flush keeps the longest of those that were seen.
func (s *spans) flush() {
	if s.seen > 0 {
		s.all = append(s.all, s.longest)
		s.seen = 0
	}
}
