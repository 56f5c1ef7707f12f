package journal

// CreateWith is Create with a salt of the test's.
func CreateWith(file File, h Header, s [16]byte) error {
	b, err := h.encodeWith(s)
	if err == nil {
		_, err = file.WriteAt(b, 0)
	}
	return err
}
