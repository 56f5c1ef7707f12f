package npy

import (
	"errors"
	"strconv"
)

// What can be wrong with a file or a header. Every error of this package wraps
// one of these, except the errors of a reader that fails.
var (
	// ErrFormat says that the bytes are no .npy file of version 1.0, 2.0 or
	// 3.0, or that they end early; then io.ErrUnexpectedEOF is wrapped too.
	ErrFormat = errors.New("not a valid .npy file")
	// ErrDType says that the elements are not of one of the twelve types.
	ErrDType = errors.New("not a number type")
	// ErrShape says that there are too many axes, that one is negative, or
	// that the data would have more bytes than an int can count.
	ErrShape = errors.New("impossible shape")
)

// maxExcerpt is how many bytes of a file an error's text may quote.
const maxExcerpt = 40

// excerpt returns the beginning of b in printable form.
func excerpt(b []byte) string {
	rest := ""
	if len(b) > maxExcerpt {
		b, rest = b[:maxExcerpt], "..."
	}
	quoted := strconv.QuoteToASCII(string(b))
	return quoted[1:len(quoted)-1] + rest
}
