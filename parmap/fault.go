package parmap

import "runtime/debug"

// A fault is an access to memory that the system refuses: to a closed array, to
// a page cut off from its file, a write to a read-only array. Where catchFaults
// was called it is a panic, which newPanicError explains; in any other
// goroutine it ends the program.
//
// So each goroutine calls it before it runs users' functions: a helper in every
// region, as a body of the one before may have switched it off; a belt's feeder
// and own workers when they start; and the caller, in attendFirst and in serial.
// The caller's goroutine is the user's, and has its own setting back before
// anything of the user's runs there that is not the verb's.

// catchFaults makes a fault of the calling goroutine a panic, and returns
// whether it was one before.
func catchFaults() (before bool) { return debug.SetPanicOnFault(true) }

// restoreFaults gives a goroutine of the user's its setting back.
func restoreFaults(before bool) { debug.SetPanicOnFault(before) }
