package parmap

import "math/rand/v2"

// Rand returns the random numbers of item i under a seed: the same for the
// same two numbers, whoever asks and in what order, on every system. Streams
// of neighbouring items, and of neighbouring seeds, are unrelated. So a body
// that draws from Rand(seed, i) computes the same however the loop is run.
//
// The generator is the PCG of math/rand/v2, started at hashes of seed and i. To
// make it and draw once takes some 30 ns and one allocation. It is not safe for
// use by several goroutines.
func Rand(seed uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(mix(seed), mix(uint64(int64(i))+golden)))
}

// golden is 2^64 divided by the golden ratio, the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the output function of SplitMix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", 2014), a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
