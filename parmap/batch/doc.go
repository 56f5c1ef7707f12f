// Package batch runs a kernel as a job array, on a cluster or in processes of one
// machine: for when one machine is not enough, or its queue is how work is done.
//
// # Overview
//
// A program hands its kernel to [Main] and then is its own tool:
//
//	sweep plan spool        cuts the run into tasks, and writes that down
//	sweep submit spool      hands them to Slurm, or runs them here with -engine local
//	sweep status spool      says what is done, running, stale and failed
//	sweep submit -missing spool
//	sweep verify spool      reads all rows, and compares them with the records
//	sweep seal spool        gives the array its name
//
// and sweep run does the same on this machine, without any of that. There is no
// daemon and no server: what there is lies in files of a directory, the spool, which
// all machines see. See README.md beside this file for what they are.
//
// # Words
//
// A task is a range of indices that one process computes, as one element of a job
// array; here alone the word means that. An attempt is one process at one task: there
// can be several, one after the other, and at the same time, if a scheduler lost one.
//
// # Invariants
//
// A task is done when there is a record of all its chunks, whose rows are in the file:
// never because a scheduler says so. The first attempt that finishes makes that record,
// and no other takes its place as long as the rows are those that it says. An attempt writes the rows of its own task and nothing else,
// by pwrite from memory of its own, and syncs them before it records them; so an attempt
// that is killed loses a second, and the next goes on from its records.
//
// Attempts at one task write the same bytes, as the body's result at i depends on i
// alone. Where two have recorded different ones, verify says so and nobody goes on.
package batch
