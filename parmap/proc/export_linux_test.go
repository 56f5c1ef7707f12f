package proc

import (
	"os"
	"time"
)

// Overdue reports whether a ChunkTimeout kills p, a worker whose slot has for
// longer been in that state of a run, while run 7 is under way.
func Overdue(p *os.Process, number, state uint64) bool {
	b, err := newBoard(1)
	if err != nil {
		panic(err)
	}
	defer b.seg.Close()
	m := &member{process: &process{p: p}}
	r := &run{pool: &Pool{config: config{timeout: time.Second}, board: b, members: []*member{m}}, number: 7, watched: make([]watch, 1)}
	b.store(b.slot(0, slotState), stateOf(number, state))
	b.store(b.slot(0, slotLeases), 3)
	r.look(time.Hour) // the first look sees what there is
	r.look(time.Second / 2)
	if m.killedFor != "" {
		panic("before its time")
	}
	r.look(time.Second)
	return m.killedFor != ""
}
