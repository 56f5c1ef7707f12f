package journal_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

var seeds = flag.Int("seeds", 10_000, "power cuts are tried with so many `seeds`")

// A fault is what is left out of the protocol: by the world in which its code runs, which
// is the code of every run.
type fault struct {
	name string
	// noRowSync makes the sync of the rows do nothing, late after the journal's, and
	// noRecordSync that of the journal.
	noRowSync, late, noRecordSync bool
	// noSum takes every row's sum for 0.
	noSum bool
	// hasty makes the sync do nothing before rows are trusted, and stubborn and lazy what is
	// written to the journal in Resume and in Open.
	hasty, stubborn, lazy bool
}

// cells and rowBytes are those of the runs. A row is three sectors: where two share
// one, a disk that breaks it while it writes the one takes the other with it, which
// is then computed again.
const (
	cells    = 40
	rowBytes = 192
)

var header = journal.Header{{Name: "kernel", Value: "power"}, {Name: "n", Value: fmt.Sprint(cells)}}

// row returns what the body writes for a cell. Some rows are zeros, as on a new disk.
func row(cell int) []byte {
	b := make([]byte, rowBytes)
	if cell%7 == 3 {
		return b
	}
	rng := rand.New(rand.NewPCG(1, uint64(cell)))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// A found is what went wrong in a run of several lives.
type found struct {
	wrong int // cells that were trusted and have not the right rows
	lost  int // cells that a Commit had recorded and that are not trusted
	cuts  int
}

// A program is one life of a run.
type program struct {
	fault
	m          *machine
	file, data *disk
	safe       map[int]bool // the cells whose records are on the disk
	missing    []int        // in the order in which they are computed
	taken      []int        // since the last sync of the rows began
	keeper     *journal.Keeper
}

func (p *program) sum(cell int) uint32 {
	if p.noSum {
		return 0
	}
	return journal.Sum(0, p.data.now[cell*rowBytes:(cell+1)*rowBytes])
}

// body computes the next cell, if there is one.
func (p *program) body() error {
	if len(p.missing) == 0 {
		return nil
	}
	c := p.missing[0]
	p.missing = p.missing[1:]
	for _, content := range [][]byte{make([]byte, rowBytes), row(c)} { // zeroed first
		if _, err := p.data.WriteAt(content, int64(c*rowBytes)); err != nil {
			return err
		}
	}
	p.taken = append(p.taken, c)
	p.keeper.Take(c, p.sum(c))
	return nil
}

// live runs the cells that are missing, in any order, until the power is gone or all are
// done, and reports whether they are.
func (p *program) live(f *found) (finished bool, err error) {
	p.file.after, p.file.mute = nil, false
	if len(p.file.now) == 0 {
		if err := journal.Create(p.file, header); err != nil {
			p.file.now, p.file.durable = nil, nil // it has no name yet
			return false, err
		}
		p.file.deaf = p.noRecordSync // from now on
	}
	p.data.deaf = p.noRowSync
	p.file.mute = p.lazy
	j, err := journal.Open(p.file, header, cells)
	p.file.mute = p.stubborn
	if err != nil {
		return false, err
	}
	if err := p.resume(j, f); err != nil {
		return false, err
	}
	p.file.mute = false
	p.m.rng.Shuffle(len(p.missing), func(a, b int) { p.missing[a], p.missing[b] = p.missing[b], p.missing[a] })
	var batch []int
	p.keeper = journal.NewKeeper(j, func() error { // and other bodies run meanwhile
		batch, p.taken = p.taken, nil
		for range p.m.rng.IntN(2) {
			if err := p.body(); err != nil {
				return err
			}
		}
		if !p.late {
			if err := p.data.Sync(); err != nil {
				return err
			}
		}
		for range p.m.rng.IntN(2) {
			if err := p.body(); err != nil {
				return err
			}
		}
		return nil
	}, func(err error) error { return err })
	p.file.after = func() {
		for _, c := range batch {
			p.safe[c] = true
		}
		if p.late {
			_ = p.data.Sync()
		}
	}
	for len(p.missing)+len(p.taken) > 0 {
		err := p.keeper.Run(bg, func(context.Context) error {
			for range 1 + p.m.rng.IntN(6) {
				if err := p.body(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return false, err
		}
		for c := range cells {
			if _, ok := j.Recorded(c); ok {
				p.safe[c] = true
			}
		}
	}
	return true, nil
}

// resume is the beginning of a life.
func (p *program) resume(j *journal.Journal, f *found) error {
	each := func(check func(cell int)) error {
		for c := range cells {
			check(c)
		}
		return nil
	}
	sync := p.data.Sync
	if p.hasty {
		sync = nothing
	}
	done, err := j.Resume(each, p.sum, sync)
	if err != nil {
		return err
	}
	for c, done := range done {
		switch {
		case done && string(p.data.now[c*rowBytes:(c+1)*rowBytes]) != string(row(c)):
			f.wrong++
		case !done && p.safe[c]:
			f.lost++
		}
		if p.safe[c] = done; !done {
			p.missing = append(p.missing, c)
		}
	}
	return nil
}

// run lives a run to its end, with some power cuts, kills and failures. When it is
// complete a row rots on the disk, and it is run again.
func (p fault) run(t *testing.T, seed uint64) (f found) {
	m := &machine{rng: rand.New(rand.NewPCG(seed, 0)), left: -1}
	file, data := newDisk(m), newDisk(m)
	_, err := data.WriteAt(make([]byte, cells*rowBytes), 0)
	require.NoError(t, err)
	require.NoError(t, data.Sync())
	safe, calm := map[int]bool{}, false
	rot := func() {
		at := m.rng.IntN(cells * rowBytes)
		data.now[at] ^= 1
		data.durable[at] ^= 1
		c := at / rowBytes
		delete(safe, c)
		if m.rng.IntN(3) == 0 { // somebody puts it right, from a copy
			calm = true // what is theirs and cannot be synced nobody can know
			_, err := data.WriteAt(row(c), int64(c*rowBytes))
			require.NoError(t, err)
		}
	}
	for lives, completions := 0, 0; ; lives++ {
		m.left = m.rng.IntN(120)
		if completions > 0 {
			m.left = m.rng.IntN(20)
		}
		data.flaky, file.flaky = !calm, true
		if lives > 15 {
			m.left, data.flaky, file.flaky = -1, false, false
		}
		life := program{fault: p, m: m, file: file, data: data, safe: safe}
		finished, err := life.live(&f)
		m.left, data.flaky, file.flaky = -1, false, false
		if !finished {
			require.Error(t, err)
			if m.rng.IntN(3) == 0 { // kill -9, or an error: the system goes on
				continue
			}
		}
		f.cuts++
		file.restart()
		data.restart()
		if finished {
			for c := range cells { // what is complete survives
				if string(data.now[c*rowBytes:(c+1)*rowBytes]) != string(row(c)) {
					f.wrong++
				}
			}
			calm = false
			if completions++; completions == 3 {
				return f
			}
		}
		if finished || m.rng.IntN(3) == 0 {
			rot()
		}
	}
}

func TestPowerCuts(t *testing.T) {
	every(t, time.Hour)
	n := *seeds
	if testing.Short() || raced {
		n /= 10
	}
	cuts := 0
	for seed := range n {
		f := fault{}.run(t, uint64(seed))
		cuts += f.cuts
		require.Zero(t, f.wrong, "trusted but wrong, seed %d", seed)
		require.Zero(t, f.lost, "recorded but lost, seed %d", seed)
	}
	assert.Greater(t, cuts, n, "the power was cut")
}

// TestPowerCutsFindWhatIsLeftOut holds that TestPowerCuts fails without each part of
// the protocol.
func TestPowerCutsFindWhatIsLeftOut(t *testing.T) {
	every(t, time.Hour)
	for _, p := range []fault{
		{name: "rows are not synced", noRowSync: true},
		{name: "rows are synced after the records", late: true},
		{name: "records are not synced", noRecordSync: true},
		{name: "sums are not looked at", noSum: true},
		{name: "rows are trusted without a sync", hasty: true},
		{name: "records of other rows are kept", stubborn: true},
		{name: "records are trusted as they were read", lazy: true},
	} {
		t.Run(p.name, func(t *testing.T) {
			var all found
			seed := 0
			for ; seed < 300 && all.wrong+all.lost == 0; seed++ {
				all = p.run(t, uint64(seed))
			}
			t.Logf("%d seeds: %+v", seed, all)
			assert.Positive(t, all.wrong+all.lost)
		})
	}
}
