package journal

// Create makes a journal of a file, which is empty.
func Create(file File, h Header) error {
	b, err := h.encode()
	if err == nil {
		err = begin(file, b)
	}
	return err
}

// CreateWith is Create with a salt of the test's.
func CreateWith(file File, h Header, s [16]byte) error {
	b, err := h.encodeWith(s)
	if err == nil {
		err = begin(file, b)
	}
	return err
}

func begin(file File, b []byte) error {
	if _, err := file.WriteAt(b, 0); err != nil {
		return err
	}
	return file.Sync()
}

// Forget is what Resume does for cells whose rows are not those recorded.
func (j *Journal) Forget(cells []int) error { return j.forget(cells) }

// LoadFrom is Load of a File.
func LoadFrom(file File, h Header, cells int) (*Journal, error) {
	j, _, err := load(file, h, cells)
	return j, err
}
