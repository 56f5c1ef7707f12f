package simulate

// A Machine is what everything but the bodies takes, in ns. The zero Machine
// does it in no time.
type Machine struct {
	// Claim is an atomic read-modify-write of a line that is here alone.
	Claim float64
	// Transfer is what it takes to get a line that another worker has written,
	// or to write one that another has read.
	Transfer float64
	// Handoff is from the end of one worker's write to the begin of the next
	// one's if that has waited for its turn: the line only has to come, the
	// request is there.
	Handoff float64
	// Load is a read of a line that is here.
	Load float64
	// Overlap is how many reads of words are under way at once: as many
	// transfers take as long as one. 0 means 1.
	Overlap int
	// Deal is the caller's for each word but its own that it fills before it
	// makes offers.
	Deal float64
	// Offer is the caller's for each helper, beside the writing of the roll. The
	// offers are made one after the other.
	Offer float64
	// Notice is from an offer until its helper takes it.
	Notice float64
	// Parked says that the helpers sleep. Then each offer takes Wake more, and
	// the helper takes Arrive instead of Notice to come.
	Parked bool
	Wake   float64
	Arrive float64

	Noise Noise
}

// Noise is pauses: what else runs on a machine takes a processor from its
// worker for Length, on average once in Every, at times that depend on Seed and
// the worker's number alone. What falls between two bodies is left out. The
// zero Noise is none.
type Noise struct {
	Every, Length float64 // ns
	Seed          uint64
}

// Measured is a machine of two virtual processors (AMD EPYC) with its helpers
// awake, taken as the model of larger ones. Where the processors of a large one
// are on several dies or sockets, a transfer can take half or twice as long: a
// conclusion should hold for both.
var Measured = Machine{
	// The cost of a chunk in a loop of empty bodies.
	Claim: 8,
	// A line there and back takes 250 to 310.
	Transfer: 140,
	// A guess. With two workers a claim takes 20 in all if both do nothing but
	// claim, but that is several by one and then several by the other.
	Handoff: 40,
	// 256 words that nobody has written since are looked through in 700.
	Load: 2.8,
	// A guess: processors have 10 to 16 misses under way, if nothing holds
	// them up. Two virtual processors are too close to each other to tell.
	Overlap: 8,
	// 256 words that the other processor has read are dealt in 10,100. The
	// store is an atomic one, so one waits for the other.
	Deal: 40,
	// An offer to a helper that spins takes 20 to 40 in all.
	Offer: 22,
	// It comes 200 to 300 after that.
	Notice: 250,
	// To wake one takes the caller 2000 to 10,000, and it comes 25,000 to 60,000 later.
	Wake:   2000,
	Arrive: 28_000,
}
