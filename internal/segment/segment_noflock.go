//go:build !unix || aix || solaris

package segment

import "os"

func lock(*os.File) error { return unsupported("lock a file") }

func unlock(*os.File) error { return unsupported("lock a file") }
