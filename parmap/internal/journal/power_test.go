package journal_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

var seeds = flag.Int("seeds", 10_000, "power cuts are tried with so many `seeds`")

// A protocol is how a run is done, or how it must not be.
type protocol struct {
	name string
	// rowsLate syncs the rows after the records, rowsNever not at all, and
	// recordsNever not the records.
	rowsLate, rowsNever, recordsNever bool
	// credulous believes every record that is there.
	credulous bool
	// hasty trusts rows without a sync, and stubborn keeps the records of rows that are
	// others.
	hasty, stubborn bool
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

// live runs the cells that are missing, in any order, until the power is gone or
// all are done, and reports whether they are. safe is the cells that a life before
// has recorded.
func (p protocol) live(m *machine, file, data *disk, safe map[int]bool, f *found) (finished bool, err error) {
	if len(file.now) == 0 {
		if err := journal.Create(file, header); err != nil {
			file.now, file.durable = nil, nil // it has no name yet
			return false, err
		}
		file.deaf = p.recordsNever // from now on
	}
	j, err := journal.Open(file, header, cells)
	if err != nil {
		return false, err
	}
	var missing, others []int
	trusting := false
	for c := range cells {
		have := data.now[c*rowBytes : (c+1)*rowBytes]
		sum, ok := j.Recorded(c)
		trusted := ok && (sum == journal.Sum(0, have) || p.credulous)
		if p.credulous {
			trusted = trusted || p.believes(file, c)
		}
		switch {
		case trusted && string(have) != string(row(c)):
			f.wrong++
		case !trusted && safe[c]:
			f.lost++
		}
		trusting = trusting || trusted
		if !trusted {
			missing = append(missing, c)
			delete(safe, c)
			if ok {
				others = append(others, c)
			}
		}
	}
	if trusting && !p.hasty && !p.rowsNever {
		if err := data.Sync(); err != nil {
			return false, err
		}
	}
	if !p.stubborn {
		if err := j.Forget(others); err != nil {
			return false, err
		}
	}
	m.rng.Shuffle(len(missing), func(a, b int) { missing[a], missing[b] = missing[b], missing[a] })
	syncRows := data.Sync
	if p.rowsNever || p.rowsLate {
		syncRows = func() error { return nil }
	}
	for len(missing) > 0 {
		batch := missing[:1+m.rng.IntN(min(len(missing), 6))]
		missing = missing[len(batch):]
		var done []journal.Record
		for _, c := range batch {
			b := row(c)
			for _, content := range [][]byte{make([]byte, rowBytes), b} { // zeroed first
				if _, err := data.WriteAt(content, int64(c*rowBytes)); err != nil {
					return false, err
				}
			}
			done = append(done, journal.Record{Cell: c, Sum: journal.Sum(0, b)})
		}
		if err := j.Commit(done, syncRows); err != nil {
			return false, err
		}
		for _, c := range batch {
			safe[c] = true
		}
		if p.rowsLate {
			if err := data.Sync(); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// believes reports whether there is anything in the journal's file that names the
// cell, where a record would be.
func (p protocol) believes(file *disk, cell int) bool {
	for at := 4096; at+16 <= len(file.now); at += 16 {
		if binary.LittleEndian.Uint32(file.now[at+4:]) == uint32(cell) {
			return true
		}
	}
	return false
}

// run lives a run to its end, with some power cuts, kills and failures. When it is
// complete a row rots on the disk, and it is run again.
func (p protocol) run(t *testing.T, seed uint64) (f found) {
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
		data.flaky = !calm
		if lives > 15 {
			m.left, data.flaky = -1, false
		}
		finished, err := p.live(m, file, data, safe, &f)
		m.left, data.flaky = -1, false
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
	n := *seeds
	if testing.Short() || raced {
		n /= 10
	}
	cuts := 0
	for seed := range n {
		f := protocol{}.run(t, uint64(seed))
		cuts += f.cuts
		require.Zero(t, f.wrong, "trusted but wrong, seed %d", seed)
		require.Zero(t, f.lost, "recorded but lost, seed %d", seed)
	}
	assert.Greater(t, cuts, n, "the power was cut")
}

// TestPowerCutsFindWhatIsLeftOut holds that TestPowerCuts fails without each part of
// the protocol.
func TestPowerCutsFindWhatIsLeftOut(t *testing.T) {
	for _, p := range []protocol{
		{name: "rows are not synced", rowsNever: true},
		{name: "rows are synced after the records", rowsLate: true},
		{name: "records are not synced", recordsNever: true},
		{name: "checksums are not looked at", credulous: true},
		{name: "rows are trusted without a sync", hasty: true},
		{name: "records of other rows are kept", stubborn: true},
	} {
		t.Run(p.name, func(t *testing.T) {
			var all found
			for seed := range 300 {
				f := p.run(t, uint64(seed))
				all.wrong += f.wrong
				all.lost += f.lost
			}
			t.Logf("%+v", all)
			assert.Positive(t, all.wrong+all.lost)
		})
	}
}
