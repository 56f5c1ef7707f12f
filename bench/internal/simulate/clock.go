package simulate

import "container/heap"

// A clock runs what is to happen in the order of time, and what is to happen
// at the same time in the order in which that was decided.
type clock struct {
	events  events
	decided int
	stopped bool
}

type event struct {
	t   float64
	seq int
	do  func(t float64)
}

// at lets do happen at t.
func (c *clock) at(t float64, do func(t float64)) {
	c.decided++
	heap.Push(&c.events, event{t, c.decided, do})
}

// run returns when stop was called, or nothing is left to happen.
func (c *clock) run() {
	for len(c.events) > 0 && !c.stopped {
		e := heap.Pop(&c.events).(event)
		e.do(e.t)
	}
}

func (c *clock) stop() { c.stopped = true }

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].t < e[j].t || e[i].t == e[j].t && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return x
}
