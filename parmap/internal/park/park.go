// Package park lets a goroutine sleep until another wakes it, soon and without
// a disturbance to those who compute: in the runtime's poller under Linux, on a
// channel elsewhere.
//
// A goroutine woken through the poller runs after 30 to 60 us, as the thread that
// waits there takes it up at once; through a channel, where a thread must first be
// woken and then find it, after 130 us (two cores of a virtual machine, both
// otherwise asleep, Go 1.26).
package park
