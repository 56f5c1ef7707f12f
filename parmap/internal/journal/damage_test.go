package journal_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// TestEveryFlippedByte flips every byte of a journal's header and records in turn. In the header that
// makes it no journal, or another format's; a record is then not there, and the
// others are.
func TestEveryFlippedByte(t *testing.T) {
	good := sample(t).now
	for at := range good {
		if at >= 4096 && at%4096 >= 48 && at%61 != 0 {
			continue // zeros, of which there are many
		}
		for _, flip := range []byte{1, 0x80, 0xff} {
			d := newDisk(forever())
			d.now = slices.Clone(good)
			d.now[at] ^= flip
			bad := slices.Clone(d.now)
			j, err := journal.Open(d, header, cells)
			if at < 4096 {
				require.ErrorIs(t, err, journal.ErrFormat, "byte %d", at)
				require.True(t, slices.Equal(bad, d.now), "touched, byte %d", at)
				continue
			}
			require.NoError(t, err)
			want := maps.Clone(sampled)
			maps.DeleteFunc(want, func(cell int, _ uint32) bool { return places[cell] <= at && at < places[cell]+16 })
			require.Equal(t, want, recorded(j), "byte %d", at)
		}
	}
}

// TestEveryLength cuts a journal off at every length.
func TestEveryLength(t *testing.T) {
	good := sample(t).now
	for size := range good {
		d := newDisk(forever())
		d.now = slices.Clone(good[:size])
		j, err := journal.Open(d, header, cells)
		if size < 4096 {
			require.ErrorIs(t, err, journal.ErrFormat, "%d bytes", size)
			require.Len(t, d.now, size)
			continue
		}
		require.NoError(t, err)
		want := maps.Clone(sampled)
		maps.DeleteFunc(want, func(cell int, _ uint32) bool { return size < places[cell]+16 })
		require.Equal(t, want, recorded(j), "%d bytes", size)
		require.NoError(t, j.Commit([]journal.Record{{Cell: 20, Sum: 2}}, nothing))
		want[20] = 2
		require.Equal(t, want, recorded(open(t, d)))
	}
}

func TestForeignFiles(t *testing.T) {
	for _, content := range []string{
		"", "x", "\x93NUMPY\x01\x00 and so on, and so on, and so on, and so on, and so on",
		"parfor journal 2, header of 00004096 bytes\n",
		"parfor journal 1, header of 99999999 bytes\n",
		"parfor journal 1, header of 00000001 bytes\n",
		"parfor journal 1, header of -0000001 bytes\n",
		"parfor journal 1, header of 00004096 bytes\n",
		"parfor journal 1, header of 00000060 bytes\n0123456789abcdef\n",
	} {
		d := newDisk(forever())
		d.now = []byte(content)
		_, err := journal.Open(d, header, cells)
		assert.ErrorIs(t, err, journal.ErrFormat, "%q", content)
		assert.Equal(t, content, string(d.now))
	}
}

// FuzzOpen holds that no file makes Open crash, or trust a record that it should not.
func FuzzOpen(f *testing.F) {
	d := newDisk(forever())
	if err := journal.CreateWith(d, header, [16]byte{1, 2, 3}); err != nil {
		f.Fatal(err)
	}
	f.Add(d.now, []byte{})
	f.Add(d.now, make([]byte, 40))
	f.Add([]byte("parfor journal 1, header of 00004096 bytes\n"), []byte{1})
	f.Fuzz(func(t *testing.T, head, records []byte) {
		d := newDisk(forever())
		d.now = append(slices.Clone(head), records...)
		before := slices.Clone(d.now)
		j, err := journal.Open(d, header, cells)
		if err != nil {
			assert.Equal(t, before, d.now)
			return
		}
		assert.LessOrEqual(t, len(recorded(j)), (len(before)-4096)/16)
		require.NoError(t, j.Commit([]journal.Record{{Cell: 7, Sum: 70}}, nothing))
		again := open(t, d)
		assert.Equal(t, recorded(j), recorded(again))
	})
}
