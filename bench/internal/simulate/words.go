package simulate

import (
	"fmt"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/sched"
)

// words are Auto and Static: a word for each worker. What is in them is not
// asked of sched, but told from the chunks that it returns. Which word a thief
// reads when is modelled here, by the rule of sched: Auto's victim is the one with
// the most cells in the first window that has any, Static's the first with any.
// What is taken is up to sched, which looks for itself when the thief writes, and
// so can find another victim if a word that the thief had read by then has more,
// or less: see Result.Strayed.
type words struct {
	*region
	kind sched.Kind
	size int // indices in a cell
	word []word
	seen [][]int // seen[w][k] is the version of word k that w has read last
	next func(w int) (lo, hi int)
}

type word struct {
	line
	lo, hi  int // cells
	version int // writes so far
}

func (k *word) empty() bool { return k.lo == k.hi }

func newWords(r *region, kind sched.Kind, size, cells, workers, parts int, next func(w int) (lo, hi int)) *words {
	s := &words{region: r, kind: kind, size: size, next: next,
		word: make([]word, workers), seen: make([][]int, workers)}
	for w, b := range chunk.ByCount(cells, parts).All() {
		s.word[w].lo, s.word[w].hi = b.Lo, b.Hi
	}
	for w := range s.seen {
		s.word[w].version = 1 // the dealing
		s.seen[w] = make([]int, workers)
	}
	return s
}

func (s *words) ask(w int, t float64) {
	own := &s.word[w]
	if own.empty() {
		s.at(t+s.read(w, w, 1), func(t float64) { s.begin(w, t) })
		return
	}
	s.at(own.write(s.m, w, t), func(t float64) {
		if own.empty() { // by now
			s.begin(w, t)
		} else {
			s.take(w, t)
		}
	})
}

// A theft is the victim that w has chosen so far.
type theft struct{ victim, cells, version int }

// begin lets w look for a victim.
func (s *words) begin(w int, t float64) {
	way := search{w + 1, len(s.word) - 1, 1} // Static takes the first that has any
	if s.kind == sched.Auto {
		way = search{sched.Look(w, s.word[w].hi, len(s.word)), len(s.word), sched.Window}
	}
	s.look(w, t, way, 0, theft{victim: -1})
}

// A search is the way through so many words, from the first on. After each
// window it is content with what it has found.
type search struct{ first, words, window int }

// look goes on with w's reading of the words, at the i-th.
func (s *words) look(w int, t float64, way search, i int, best theft) {
	if i == way.words || i%way.window == 0 && best.victim >= 0 {
		s.steal(w, t, best)
		return
	}
	count := min(s.m.Overlap, way.words-i, (i/way.window+1)*way.window-i)
	for j := i; j < i+count; j++ {
		k := (way.first + j) % len(s.word)
		if v := &s.word[k]; v.hi-v.lo > best.cells {
			best = theft{k, v.hi - v.lo, v.version}
		}
	}
	read := s.read(w, (way.first+i)%len(s.word), count)
	s.at(t+read, func(t float64) { s.look(w, t, way, i+count, best) })
}

// read returns how long w takes for count words from k on.
func (s *words) read(w, k, count int) float64 {
	missed := false
	for range count {
		v := &s.word[k]
		if s.seen[w][k] != v.version {
			missed = missed || v.writer != w
			s.seen[w][k] = v.version
			v.shared = v.shared || v.writer != w
		}
		if k++; k == len(s.word) {
			k = 0
		}
	}
	if missed {
		return s.m.Transfer
	}
	return float64(count) * s.m.Load
}

// steal writes the victim's word. Who comes too late takes of what is left
// there, or if that is nothing looks again.
func (s *words) steal(w int, t float64, best theft) {
	if best.victim < 0 {
		s.got(w, t, 0, 0)
		return
	}
	v := &s.word[best.victim]
	s.at(v.write(s.m, w, t), func(t float64) {
		late := v.version != best.version
		if late {
			s.result.Missed++
		}
		if v.empty() {
			s.begin(w, t)
		} else if s.take(w, t) != best.victim && !late {
			s.result.Strayed++
		}
	})
}

// take is w's Next. It returns whose word the chunk was in.
func (s *words) take(w int, t float64) (from int) {
	lo, hi := s.next(w)
	first, last := lo/s.size, (hi-1)/s.size+1
	from = w
	if own := &s.word[w]; first < own.lo || first >= own.hi {
		from = s.holder(first)
		s.result.Steals++
	}
	v := &s.word[from]
	switch {
	case s.kind == sched.Static:
		v.lo = v.hi
	case from == w:
		v.lo = last
	default:
		own := &s.word[w]
		own.lo, own.hi, v.hi = last, v.hi, first
		// This write waits for nothing: it's done when the line is here.
		own.version++
		own.writer, own.shared = w, false
	}
	v.version++
	s.got(w, t, lo, hi)
	return from
}

// holder returns the worker whose word has the cell.
func (s *words) holder(cell int) int {
	for k := range s.word {
		if s.word[k].lo <= cell && cell < s.word[k].hi {
			return k
		}
	}
	panic(fmt.Sprintf("simulate: cell %d was in no word", cell))
}
