package journal_test

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// forever is a machine whose power does not end.
func forever() *machine { return &machine{rng: rand.New(rand.NewPCG(1, 2)), left: -1} }

func nothing() error { return nil }

// open opens a journal that must be good.
func open(t *testing.T, d *disk) *journal.Journal {
	j, err := journal.Open(d, header, cells)
	require.NoError(t, err)
	return j
}

// recorded returns the sums that j has, by cell.
func recorded(j *journal.Journal) map[int]uint32 {
	all := map[int]uint32{}
	for c := range cells {
		if sum, ok := j.Recorded(c); ok {
			all[c] = sum
		}
	}
	return all
}

// sample returns a journal with three records, on a disk of its own.
func sample(t *testing.T) *disk {
	d := newDisk(forever())
	require.NoError(t, journal.CreateWith(d, header, [16]byte{1, 2, 3}))
	require.NoError(t, open(t, d).Commit([]journal.Record{{Cell: 3, Sum: 30}, {Cell: 0, Sum: 7}}, nothing))
	require.NoError(t, open(t, d).Commit([]journal.Record{{Cell: 39, Sum: 390}}, nothing))
	return d
}

var sampled = map[int]uint32{3: 30, 0: 7, 39: 390}

func TestWhatIsCommittedIsFound(t *testing.T) {
	d := sample(t)
	for range 2 {
		j := open(t, d)
		assert.Equal(t, sampled, recorded(j))
	}
}

func TestTheLaterOfTwoRecordsCounts(t *testing.T) {
	d := sample(t)
	j := open(t, d)
	require.NoError(t, j.Commit([]journal.Record{{Cell: 3, Sum: 31}}, nothing))
	require.NoError(t, j.Commit([]journal.Record{{Cell: 4, Sum: 4}, {Cell: 3, Sum: 32}}, nothing))
	want := map[int]uint32{3: 32, 0: 7, 39: 390, 4: 4}
	assert.Equal(t, want, recorded(j))
	assert.Equal(t, want, recorded(open(t, d)))
}

// TestSectors holds that a journal has about a sector for 256 records in small batches
// too, that no batch writes to a sector with the only copy of a record, and that all
// records are found.
func TestSectors(t *testing.T) {
	const many = 3000
	rng := rand.New(rand.NewPCG(3, 4))
	find := func(d *disk, upTo int) {
		t.Helper()
		j, err := journal.Open(d, header, many)
		require.NoError(t, err)
		for c := range upTo {
			sum, ok := j.Recorded(c)
			require.True(t, ok && sum == uint32(c), "record %d of %d", c, upTo)
		}
	}
	for _, most := range []int{1, 3, 255, 256, 257, 700} {
		d := newDisk(forever())
		require.NoError(t, journal.Create(d, header))
		j, err := journal.Open(d, header, many)
		require.NoError(t, err)
		for cell := 0; cell < many; {
			first := cell
			var batch []journal.Record
			for range min(1+rng.IntN(most), many-cell) {
				batch = append(batch, journal.Record{Cell: cell, Sum: uint32(cell)})
				cell++
			}
			before := slices.Clone(d.now)
			require.NoError(t, j.Commit(batch, nothing))
			if most > 3 || first%50 == 0 {
				broken := newDisk(forever()) // each sector that was written to
				broken.now = slices.Clone(d.now)
				for at := 0; at < len(d.now); at += 4096 {
					end := min(at+4096, len(d.now))
					if end > len(before) || !slices.Equal(d.now[at:end], before[at:end]) {
						clear(broken.now[at:end])
					}
				}
				find(broken, first)
			}
		}
		assert.LessOrEqual(t, len(d.now)/4096, 1+many/256+3, "batches of up to %d", most)
		find(d, many)
	}
}

// TestForget takes records back, for ever, and lets the cells be recorded again.
func TestForget(t *testing.T) {
	d := sample(t)
	j := open(t, d)
	require.NoError(t, j.Forget([]int{0, 39}))
	assert.Equal(t, map[int]uint32{3: 30}, recorded(j))
	assert.Equal(t, d.now, d.durable)
	j = open(t, d)
	assert.Equal(t, map[int]uint32{3: 30}, recorded(j))
	require.NoError(t, j.Commit([]journal.Record{{Cell: 0, Sum: 8}}, nothing))
	want := map[int]uint32{3: 30, 0: 8}
	assert.Equal(t, want, recorded(j))
	assert.Equal(t, want, recorded(open(t, d)))
	require.NoError(t, j.Forget(nil))
}

// places are where the records of the sample begin: the first two were written anew, in
// the order of their cells, by who opened it for the third.
var places = map[int]int{0: 8192, 3: 8192 + 16, 39: 3 * 4096}

// TestTheFormat is the bytes of a journal, which programs of tomorrow read.
func TestTheFormat(t *testing.T) {
	d := sample(t)
	lines := strings.SplitAfter(string(d.now[:4096]), "\n")
	require.Len(t, lines, 7)
	assert.Equal(t, "parfor journal 1, header of 00004096 bytes\n", lines[0])
	assert.Equal(t, "kernel \"power\"\n", lines[1])
	assert.Equal(t, "n \"40\"\n", lines[2])
	assert.Equal(t, "salt 01020300000000000000000000000000\n", lines[3])
	assert.Equal(t, strings.Repeat(" ", len(lines[4])-1)+"\n", lines[4])
	assert.Equal(t, "crc32c 22513484\n", lines[5])
	assert.Empty(t, lines[6])
	for cell, want := range map[int]string{
		3: "01000000" + "03000000" + "1e000000" + "4fed0a22", 0: "01000000" + "00000000" + "07000000" + "86f22041",
		39: "02000000" + "27000000" + "86010000" + "59fdac7d",
	} {
		assert.Equal(t, want, hex.EncodeToString(d.now[places[cell]:][:16]), "cell %d", cell)
	}
	assert.Equal(t, make([]byte, 4096), d.now[4096:8192], "what was written anew is removed")
	assert.Equal(t, make([]byte, 4096-32), d.now[8192+32:3*4096], "who opens it goes on in a new sector")
	assert.Len(t, d.now, 4*4096)

	// One of yesterday, with its first records in the first sector.
	d.now = append(d.now[:4096], make([]byte, 8192)...)
	for at, record := range map[int]string{
		4096: "01000000" + "03000000" + "1e000000" + "405cc98a", 4096 + 16: "01000000" + "00000000" + "07000000" + "8943e3e9",
		8192: "02000000" + "27000000" + "86010000" + "b21f4fcf",
	} {
		_, err := hex.Decode(d.now[at:], []byte(record))
		require.NoError(t, err)
	}
	assert.Equal(t, sampled, recorded(open(t, d)))
}

// TestOpenWritesAnew holds that what is found is written to sectors in which no record is
// before it is removed where it was, and that the file does not grow by that.
func TestOpenWritesAnew(t *testing.T) {
	const many = 1000
	d := newDisk(forever())
	require.NoError(t, journal.Create(d, header))
	rng, want := rand.New(rand.NewPCG(5, 6)), map[int]uint32{}
	for round := range 60 {
		before := slices.Clone(d.now)
		d.after = func() { // the first sync, before anything is removed
			d.after = nil
			for at := 4096; at < len(before); at += 16 {
				if record := before[at : at+16]; !slices.Equal(record, make([]byte, 16)) {
					require.Equal(t, record, d.now[at:at+16], "byte %d", at)
				}
			}
		}
		d.durable, d.dirty = nil, map[int]bool{} // on the disk is nothing, and the system thinks that all is
		j, err := journal.Open(d, header, many)
		require.NoError(t, err)
		require.Nil(t, d.after)
		cut := newDisk(forever())
		cut.now = append(slices.Clone(before[:4096]), d.durable[4096:]...)
		for _, d := range []*disk{d, cut} {
			j, err := journal.LoadFrom(d, header, many)
			require.NoError(t, err)
			for cell := range many {
				sum, ok := j.Recorded(cell)
				require.True(t, ok == (want[cell] != 0) && sum == want[cell], "cell %d in round %d", cell, round)
			}
		}
		require.LessOrEqual(t, len(d.now)/4096, 1+2*(many/256+1)+3, "round %d", round)
		for range 3 {
			cell := rng.IntN(many)
			if round%3 == 0 && want[cell] != 0 {
				delete(want, cell)
				require.NoError(t, j.Forget([]int{cell}))
				continue
			}
			want[cell] = 1 + rng.Uint32()>>1
			require.NoError(t, j.Commit([]journal.Record{{Cell: cell, Sum: want[cell]}}, nothing))
		}
	}
}

func TestCommitSyncsTheRowsFirst(t *testing.T) {
	d := sample(t)
	j := open(t, d)
	before := slices.Clone(d.now)
	synced := false
	require.NoError(t, j.Commit([]journal.Record{{Cell: 5, Sum: 5}}, func() error {
		assert.Equal(t, before, d.now, "records are written before the rows are synced")
		synced = true
		return nil
	}))
	assert.True(t, synced)
	assert.Equal(t, d.now, d.durable, "the records are not synced")
	assert.NotEqual(t, before, d.now)
}

func TestAnErrorIsFinal(t *testing.T) {
	broken := errors.New("broken")
	one := []journal.Record{{Cell: 5, Sum: 5}}
	t.Run("rows", func(t *testing.T) {
		d := sample(t)
		j := open(t, d)
		before := slices.Clone(d.now)
		require.Equal(t, broken, j.Commit(one, func() error { return broken }))
		assert.Equal(t, before, d.now)
		assert.Equal(t, broken, j.Commit(one, nothing))
		assert.Equal(t, before, d.now)
	})
	for _, accesses := range []int{0, 1} { // writing, syncing
		d := sample(t)
		j := open(t, d)
		d.m.left = accesses
		require.Equal(t, errCut, j.Commit(one, nothing))
		_, ok := j.Recorded(5)
		assert.False(t, ok)
		d.m.left = -1
		before := slices.Clone(d.now)
		assert.Equal(t, errCut, j.Commit(one, nothing))
		assert.Equal(t, before, d.now)
	}
}

func TestAnEmptyCommitDoesNothing(t *testing.T) {
	d := sample(t)
	j := open(t, d)
	d.m.left = 0
	assert.NoError(t, j.Commit(nil, func() error { return errCut }))
}

func TestAnotherRunsJournal(t *testing.T) {
	for _, tt := range []struct {
		run                journal.Header
		field, have, wants string
	}{
		{journal.Header{{"kernel", "other"}, {"n", "40"}}, "kernel", "power", "other"},
		{journal.Header{{"kernel", "power"}, {"n", "41"}}, "n", "40", "41"},
		{journal.Header{{"kernel", "power"}}, "n", "n 40", "absent"},
		{journal.Header{{"kernel", "power"}, {"n", "40"}, {"grain", "1"}}, "grain", "absent", "grain 1"},
		{journal.Header{{"kernel", "power"}, {"grain", "1"}, {"n", "40"}}, "grain", "n 40", "grain 1"},
		{journal.Header{{"kernel", ""}}, "kernel", "power", `""`},
		{journal.Header{{"kernel", " x"}}, "kernel", "power", `" x"`},
		{journal.Header{{"kernel", "a\nb"}}, "kernel", "power", `"a\nb"`},
		{journal.Header{{"kernel", "a\xff"}}, "kernel", "power", `"a\xff"`},
		{journal.Header{{"kernel", `string "it's"`}}, "kernel", "power", `string "it's"`},
		{journal.Header{}, "kernel", "kernel power", "absent"},
	} {
		d := sample(t)
		before := slices.Clone(d.now)
		_, err := journal.Open(d, tt.run, cells)
		var m *journal.MismatchError
		require.ErrorAs(t, err, &m)
		assert.Equal(t, journal.MismatchError{Field: tt.field, Journal: tt.have, Run: tt.wants}, *m)
		assert.Equal(t, before, d.now)
	}
}

func TestFieldsOfAnyText(t *testing.T) {
	odd := journal.Header{{"kernel", "a\nb \"c\" \x00\xff"}, {"version", ""}, {"arguments", strings.Repeat("é", 5000)}}
	d := newDisk(forever())
	require.NoError(t, journal.Create(d, odd))
	_, err := journal.Open(d, odd, 1)
	require.NoError(t, err)
	assert.Zero(t, len(d.now)%4096)
	tooLong := journal.Header{{"version", strings.Repeat("x", 1<<20)}}
	assert.ErrorContains(t, journal.Create(newDisk(forever()), tooLong), "at most 1048576")
}

func TestTwoJournalsDiffer(t *testing.T) {
	x, y := newDisk(forever()), newDisk(forever())
	require.NoError(t, journal.Create(x, header))
	require.NoError(t, journal.Create(y, header))
	assert.NotEqual(t, x.now, y.now)
}

// TestRecordsOfAnotherJournal holds that records count in their own place of their
// own journal only.
func TestRecordsOfAnotherJournal(t *testing.T) {
	x := sample(t)
	y := newDisk(forever())
	require.NoError(t, journal.Create(y, header))
	y.now = append(y.now, x.now[4096:]...)
	assert.Empty(t, recorded(open(t, y)), "another journal's")
	x.now = append(x.now, x.now[8192:]...)
	x.now = append(x.now, make([]byte, 5000)...)
	assert.Equal(t, sampled, recorded(open(t, x)))
	assert.Len(t, x.now, 2*4096, "what is behind the last record's sector is cut off")
	x = sample(t)
	x.now = append(slices.Clone(x.now[:4096]), x.now[4096+16:]...)
	assert.Empty(t, recorded(open(t, x)), "moved")
}
