package parmap

import "time"

// SetLockFor changes for how long a run waits for a journal that is in use.
func SetLockFor(d time.Duration) (restore func()) {
	old := lockFor
	lockFor = d
	return func() { lockFor = old }
}

// Advise makes s the Stats of a loop that String has advice for.
func Advise(s *Stats) { s.advisable, s.asleep = true, true }
