package simulate

import "github.com/parfor-go/parfor/internal/sched"

// A Policy is who decides which worker runs what: a schedule of parmap or
// something to compare it with.
type Policy uint8

const (
	// The schedules of parmap, by the code of internal/sched.
	Auto Policy = iota
	Static
	Dynamic
	Guided
	Serial
	// OpenMPStatic is schedule(static): one block for each worker, which
	// everyone knows without a claim and nobody else ever takes. The caller
	// waits for all helpers, as their blocks wait for them.
	OpenMPStatic
	// OpenMPGuided is schedule(guided) as libgomp has it: 1/workers of what is
	// left, Grain at least. Like all but the ideal it begins and ends as a
	// region of parmap does: what differs is the schedule.
	OpenMPGuided
	// Ideal is Loop.Ideal, with no claim and no start.
	Ideal
)

// Policies are all of them.
var Policies = []Policy{Auto, Static, Dynamic, Guided, Serial, OpenMPStatic, OpenMPGuided, Ideal}

var names = [...]string{"Auto", "Static", "Dynamic", "Guided", "Serial", "openmp-static", "openmp-guided", "ideal"}

// String returns the name of p.
func (p Policy) String() string { return names[p] }

// kind is the schedule that p is, if it is one of parmap's.
func (p Policy) kind() sched.Kind { return sched.Kind(p) }

// waits reports whether a helper has to come, however late.
func (p Policy) waits() bool { return p == OpenMPStatic }
