package batch

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
)

// stops are the signals that ask a program to end.
var stops = []os.Signal{os.Interrupt, syscall.SIGTERM}

// machine returns what the processes that this one sees have in common: the start of the
// machine, and the name space of their numbers. It is "" if nobody knows.
var machine = sync.OnceValue(func() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + space + " "
})

// processOf returns what a process of this machine is called that no other ever is, by
// the time when it began, or "" if there is none.
func processOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// Its name, in brackets, can have anything in it. The state is the first field behind it.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	const state, began = 0, 19
	if len(fields) <= began || machine() == "" || fields[state][0] == 'Z' {
		return ""
	}
	return fmt.Sprintf("%s%d %s", machine(), pid, fields[began])
}
