package segment

// AvailableIn is Available with other files.
var AvailableIn = availableIn

// CreateRemoved is what replaces O_TMPFILE where that is missing.
var CreateRemoved = createRemoved

// Without makes memfd_create or fallocate fail with an error, where not nil,
// and looks for tmpfs elsewhere, until the returned function is called.
func Without(memfd, falloc error, shm string) (restore func()) {
	oldMemfd, oldFalloc, oldShm := memfdCreate, fallocate, shmDir
	if memfd != nil {
		memfdCreate = func(string, int) (int, error) { return -1, memfd }
	}
	if falloc != nil {
		fallocate = func(int, uint32, int64, int64) error { return falloc }
	}
	shmDir = shm
	return func() { memfdCreate, fallocate, shmDir = oldMemfd, oldFalloc, oldShm }
}

// MemfdFlags makes memfd_create fail with err for any flag of refused.
func MemfdFlags(refused int, err error) (restore func()) {
	old := memfdCreate
	memfdCreate = func(name string, flags int) (int, error) {
		if flags&refused != 0 {
			return -1, err
		}
		return old(name, flags)
	}
	return func() { memfdCreate = old }
}

// Descriptor returns the descriptor of s.
func Descriptor(s *Segment) int { return int(s.m.file.Fd()) }
