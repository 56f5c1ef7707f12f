package journal

// Resume finds out which cells are done, as a run begins: those that are recorded, with
// the sum that their rows have now. It calls each, which calls check once for each cell,
// in any order and several at a time, and returns when all have returned; check calls sum,
// which returns that of the cell's rows. An error of each, sync or the journal's file is
// returned as it is.
//
// What it returns holds after a power cut too. Rows that have their sums can be in the
// system's memory alone, if they were written anew after they were recorded: so they are
// synced before they are trusted. Records of rows that have not are taken back.
func (j *Journal) Resume(each func(check func(cell int)) error, sum func(cell int) uint32, sync func() error) (done []bool, err error) {
	done = make([]bool, len(j.known))
	if err := each(func(cell int) {
		if want, ok := j.Recorded(cell); ok {
			done[cell] = sum(cell) == want
		}
	}); err != nil {
		return nil, err
	}
	var wrong []int
	trusted := false
	for cell, done := range done {
		_, ok := j.Recorded(cell)
		trusted = trusted || done
		if ok && !done {
			wrong = append(wrong, cell)
		}
	}
	if trusted {
		if err := sync(); err != nil {
			return nil, err
		}
	}
	return done, j.forget(wrong)
}

// forget takes the records of cells back whose rows are not those recorded, before
// they are computed again: otherwise, if that is not recorded, as after a failed sync,
// the next run would find the rows right that are in memory alone.
func (j *Journal) forget(cells []int) error {
	gone := make([]Record, len(cells))
	for i, cell := range cells {
		gone[i] = Record{Cell: cell, void: true}
	}
	return j.Commit(gone, func() error { return nil })
}
