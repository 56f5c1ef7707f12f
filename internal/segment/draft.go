package segment

import (
	"errors"
	"os"
)

// A Draft is a file that is written before it has its name.
type Draft struct{ d *draft }

// NewDraft makes an empty draft of the file at path. It has no name, so that nothing is
// left of it however the process ends, or, where that cannot be, one like
// .name.parfor-123 beside path.
func NewDraft(path string) (*Draft, error) {
	d, err := newDraft(path, draftNameless)
	if errors.Is(err, errNameless) {
		d, err = newDraft(path, draftNamed)
	}
	return d, err
}

// NewNamedDraft is NewDraft of one that has a name, for when Publish was ErrNameless.
func NewNamedDraft(path string) (*Draft, error) { return newDraft(path, draftNamed) }

// ErrNameless says that a draft without a name cannot get one.
var ErrNameless = errNameless

func newDraft(path string, open func(string) (*draft, error)) (*Draft, error) {
	if !supported {
		return nil, unsupported("write a file before it has its name")
	}
	path, err := absolute(path)
	if err != nil {
		return nil, err
	}
	d, err := open(path)
	if err != nil && !errors.Is(err, errNameless) {
		err = createError(path, 0, err)
	}
	return &Draft{d}, err
}

// File returns the file, which is open until Close.
func (d *Draft) File() *os.File { return d.d.file }

// Publish syncs the file and gives it its name, which must be free, on the disk too. The
// error is ErrNameless where a draft without a name cannot have one.
func (d *Draft) Publish() error {
	err := fsync(d.d.file)
	if err == nil {
		err = d.d.publish()
	}
	if err != nil && !errors.Is(err, errNameless) {
		err = createError(d.d.path, 0, err)
	}
	return err
}

// Close closes the file, and removes it unless it was published.
func (d *Draft) Close() {
	d.d.discard()
	d.d.file.Close()
}
