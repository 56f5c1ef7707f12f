//go:build !unix

package segment

import (
	"errors"
	"math"
	"os"
)

// New refuses before it calls anything here.
const supported = false

var (
	errFileSize = errors.ErrUnsupported
	errNoSpace  = errors.ErrUnsupported
)

func fileSizeLimit() int64 { return math.MaxInt64 }

func addressLimit() int64 { return math.MaxInt64 }

func available() int64 { return unknown }

func isNoSpace(error) bool { return false }

func object(int) (*os.File, bool, error) { return nil, false, errors.ErrUnsupported }

func identify(*os.File) (ID, error) { return ID{}, errors.ErrUnsupported }

func inMemory(string) bool { return false }

func freeBytes(string) int64 { return unknown }

func (m *mapping) mapFile(int) error { return errors.ErrUnsupported }

func (m *mapping) mapPrivate(int) error { return errors.ErrUnsupported }

func (m *mapping) unmap() error { return errors.ErrUnsupported }

func (m *mapping) furnish() error { return errors.ErrUnsupported }

func advise([]byte) {}

func detach([]byte) error { return errors.ErrUnsupported }

func populate([]byte) error { return errors.ErrUnsupported }

func fence([]byte) error { return errors.ErrUnsupported }

func (m *mapping) draw([]byte, int) error { return errors.ErrUnsupported }

func syncRange(*mapping, []byte) error { return errors.ErrUnsupported }

type draft struct {
	file       *os.File
	path, temp string
}

func fsync(*os.File) error { return errors.ErrUnsupported }

func pathOf(*os.File) string { return "" }

func draftNameless(string) (*draft, error) { return nil, errors.ErrUnsupported }

func linkOrRename(string, string) error { return errors.ErrUnsupported }

func draftNamed(string) (*draft, error) { return nil, errors.ErrUnsupported }

func (*draft) write([]byte) error { return errors.ErrUnsupported }

func (*draft) discard() {}

func isElsewhere(error) bool { return false }

func syncDir(string) error { return errors.ErrUnsupported }

func (*draft) publish() error { return errors.ErrUnsupported }
