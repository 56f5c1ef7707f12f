// Package journal keeps, in a file, which cells of a run are done, so that a run
// that was killed at any instant, a power cut included, goes on where it was. See
// README.md beside this file for the order of its writes and what follows from it.
package journal

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

// A File is what a journal lies in: an *os.File, with the size that it has.
type File interface {
	io.ReaderAt
	io.WriterAt
	Size() (int64, error)
	Truncate(size int64) error
	// Sync returns when what was written is on the disk.
	Sync() error
}

// A Record says that a cell is done, and what its rows are.
type Record struct {
	Cell int    // below 2^31
	Sum  uint32 // of the rows, by Sum
	void bool   // it is not, whatever was recorded before: see forget

	number uint32 // of its Commit, for ever: of two records of a cell that of the later counts
}

// table is that of Castagnoli's polynomial, for which processors have an
// instruction: 20 GB/s.
var table = crc32.MakeTable(crc32.Castagnoli)

// Sum returns the checksum of what sum is of, followed by b. That of nothing is 0.
func Sum(sum uint32, b []byte) uint32 { return crc32.Update(sum, table, b) }

// A Journal is the open journal of a run. One goroutine at a time may use it, and
// one process at a time have it open: that is for the caller to see to.
//
// Invariants: what Recorded returns is on the disk, and the rows that it is about
// have been. Each such record is in a sector that is not written to before the
// record is on the disk in another one. After a failed write or sync nobody can know
// what is on the disk: that error is final.
type Journal struct {
	file   File
	salt   salt
	head   int64    // where the records begin
	first  int64    // the first sector that had a record when it was read, or end
	end    int64    // the first sector that has never been written to
	spare  int64    // one that has nothing that is not elsewhere too; 0: none
	tail   int64    // one that has room left, and nothing but recent; 0: none
	recent []Record // in the tail
	number uint32   // of the last Commit
	sums   []uint32
	known  []bool   // by cell: sums has that of a record
	last   []uint32 // by cell: the number of the Commit that these are of; 0: none
	failed error
}

// Open reads the journal of a run over so many cells. If it is that of another run
// the error is a *MismatchError, and if it is none at all ErrFormat; the file is as
// it was then. What was not written to its end is cut off, and what was is written anew.
func Open(file File, h Header, cells int) (*Journal, error) {
	j, size, err := load(file, h, cells)
	if err != nil {
		return nil, err
	}
	if size > j.end {
		if err := file.Truncate(j.end); err != nil {
			return nil, err
		}
	}
	if err := j.renew(); err != nil {
		return nil, err
	}
	return j, nil
}

// renew writes the records that count to sectors that have none, syncs, and then removes
// those that were there. What was read can be in the system's memory alone: after a failed
// sync, of a run before this one, the system may hold for written what is not, and a sync
// of what nobody has written to would mean nothing.
func (j *Journal) renew() error {
	var all []Record
	for cell, number := range j.last {
		if number != 0 { // also one that takes others back, which are perhaps still on the disk
			all = append(all, Record{cell, j.sums[cell], !j.known[cell], number})
		}
	}
	old, at := j.end, j.head
	n := roundUp(int64(len(all)) * recordBytes)
	if at+n > j.first { // there is no room before those that were read
		at = j.end
	}
	if n > 0 {
		if _, err := j.file.WriteAt(j.encode(all, at), at); err != nil {
			return err
		}
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.end = at + n
	if at < j.first {
		return j.file.Truncate(j.end)
	}
	// For the next who opens it. Nothing is lost if this is not on the disk.
	for from := j.first; from < old; from += int64(len(zeros)) {
		if _, err := j.file.WriteAt(zeros[:min(int64(len(zeros)), old-from)], from); err != nil {
			return err
		}
	}
	return nil
}

var zeros [64 << 10]byte

// load reads the journal, which is size bytes long.
func load(file File, h Header, cells int) (j *Journal, size int64, err error) {
	size, err = file.Size()
	if err != nil {
		return nil, 0, err
	}
	j = &Journal{file: file, sums: make([]uint32, cells), known: make([]bool, cells), last: make([]uint32, cells)}
	var have Header
	if have, j.head, j.salt, err = readHeader(file, size); err != nil {
		return nil, 0, err
	}
	if err := h.compare(have); err != nil {
		return nil, 0, err
	}
	return j, size, j.read(size)
}

// read takes the records that are good. One that is not can lie before others that
// are: a disk writes its sectors in any order, and they rot.
func (j *Journal) read(size int64) error {
	buf := make([]byte, min(4096*recordBytes, max(0, size-j.head)))
	first, last := int64(-1), j.head
	for at := j.head; at+recordBytes <= size; {
		b := buf[:min(int64(len(buf)), (size-at)/recordBytes*recordBytes)]
		if _, err := j.file.ReadAt(b, at); err != nil {
			return err // io.EOF: the file has become shorter
		}
		for ; len(b) > 0; b = b[recordBytes:] {
			if r, ok := j.decode(b, at); ok {
				if first < 0 {
					first = at / sector * sector
				}
				last = at + recordBytes
				j.number = max(j.number, r.number)
				if r.number >= j.last[r.Cell] {
					j.learn(r)
				}
			}
			at += recordBytes
		}
	}
	j.end = roundUp(last)
	if j.first = first; first < 0 {
		j.first = j.end
	}
	return nil
}

// Recorded returns the sum of a cell that was recorded, the last one of several.
func (j *Journal) Recorded(cell int) (sum uint32, ok bool) { return j.sums[cell], j.known[cell] }

func (j *Journal) learn(r Record) {
	j.sums[r.Cell], j.known[r.Cell], j.last[r.Cell] = r.Sum, !r.void, r.number
}

// Commit records that cells are done. It calls sync first, which must return when
// their rows are on the disk, and returns when the records are too.
func (j *Journal) Commit(done []Record, sync func() error) error {
	if j.failed == nil {
		j.failed = j.commit(done, sync)
	}
	return j.failed
}

func (j *Journal) commit(done []Record, sync func() error) error {
	if len(done) == 0 {
		return nil
	}
	if err := sync(); err != nil {
		return err
	}
	j.number++
	for i := range done {
		done[i].number = j.number
	}
	if err := j.write(done); err != nil {
		return err
	}
	for _, r := range done {
		j.learn(r)
	}
	return nil
}

// write writes the recent records once more, and behind them those that are done: the
// first of their sectors is the spare one, if there is one, and the others are new.
func (j *Journal) write(done []Record) error {
	free := j.tail // when this is on the disk
	for all := slices.Concat(j.recent, done); len(all) > 0; {
		at, n := j.spare, perSector
		if j.spare = 0; at == 0 {
			at, n = j.end, len(all)
		}
		n = min(n, len(all))
		if _, err := j.file.WriteAt(j.encode(all[:n], at), at); err != nil {
			return err
		}
		j.end = max(j.end, roundUp(at+int64(n)*recordBytes))
		j.tail = at + int64(n/perSector)*sector
		j.recent = slices.Clone(all[n/perSector*perSector : n])
		all = all[n:]
	}
	if len(j.recent) == 0 {
		j.tail = 0
	}
	j.spare = free
	return j.file.Sync()
}

// sector is what a disk writes as one, at most. A write that is cut short can take
// with it what was in its sectors before.
const (
	sector    = 4096
	perSector = sector / recordBytes
)

func roundUp(n int64) int64 { return (n + sector - 1) / sector * sector }

// voidBit is set in the cell's word of a record that takes the earlier ones back.
const voidBit = 1 << 31

// recordBytes is the size of a record: the number of its Commit, cell, sum, and the
// record's own checksum, little-endian. That begins with the journal's salt and the
// record's place, so that a record is good in one place of one journal: not what an
// older file has left in a sector, nor what was copied from another.
const recordBytes = 4 + 4 + 4 + 4

// encode returns what records are at a place of the file, in whole sectors.
func (j *Journal) encode(records []Record, at int64) []byte {
	b := make([]byte, 0, roundUp(int64(len(records))*recordBytes))
	for _, r := range records {
		place := at + int64(len(b))
		b = binary.LittleEndian.AppendUint32(b, r.number)
		cell := uint32(r.Cell)
		if r.void {
			cell |= voidBit
		}
		b = binary.LittleEndian.AppendUint32(b, cell)
		b = binary.LittleEndian.AppendUint32(b, r.Sum)
		b = binary.LittleEndian.AppendUint32(b, j.check(b[len(b)-12:], place))
	}
	return b[:cap(b)]
}

func (j *Journal) decode(b []byte, at int64) (r Record, ok bool) {
	number, word := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	cell := word &^ voidBit
	if number == 0 || uint64(cell) >= uint64(len(j.known)) || binary.LittleEndian.Uint32(b[12:]) != j.check(b[:12], at) {
		return Record{}, false
	}
	return Record{Cell: int(cell), Sum: binary.LittleEndian.Uint32(b[8:]), void: word != cell, number: number}, true
}

// check is the own checksum of a record at a place, of which b is the rest.
func (j *Journal) check(b []byte, at int64) uint32 {
	var place [8]byte
	binary.LittleEndian.PutUint64(place[:], uint64(at))
	return Sum(Sum(Sum(0, j.salt[:]), place[:]), b)
}
