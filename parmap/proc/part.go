package proc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A part is the worker's part in a run.
type part struct {
	claims
	sums    []uint32 // of the rows of the cells; nil: nobody wants them
	times   times    // of the cells; nil: nobody wants them
	clock   clock    // of the run, if somebody does
	worker  *worker
	ctx     context.Context // of the bodies
	entry   *kernel.Entry
	wires   *wires
	collect bool
	outputs []kernel.Output
	in      any  // of a Kernel
	blob    blob // of a Func

	cell     int  // that is run
	failed   bool // it, or some item of it
	cut      bool // it has not come to its end, as the run was to end
	panicked bool
	without  bool // ... with no value
}

// prepare reads the announcement of a run that the worker joined at that time.
func (w *worker) prepare(ctx context.Context, run uint64, joined time.Time) (*part, error) {
	b := w.board
	table := segment.Find(segment.ID{Device: b.load(atTable), Inode: b.load(atTable + 1), Generation: b.load(atTable + 2)},
		0, int(b.load(atBlob)+b.load(atBlob+1)))
	if table == nil {
		return nil, errors.New("parmap/proc: worker without the claim table")
	}
	p := &part{worker: w, ctx: ctx, collect: b.load(atCollect) != 0}
	at := int(b.load(atBlob))
	if err := p.blob.read(table.Bytes()[at:]); err != nil {
		return nil, err
	}
	name := string(p.blob.name)
	p.entry = kernel.Lookup(name)
	if p.entry == nil {
		return nil, fmt.Errorf("parmap/proc: kernel %q is not registered in the worker", name)
	}
	if p.wires = w.codecs[p.entry]; p.wires == nil {
		p.wires = &wires{decodec{plain: p.entry.Plain}, codec{plain: p.entry.Plain}}
		w.codecs[p.entry] = p.wires
	}
	if p.entry.NewOut == nil {
		p.in = p.entry.NewIn()
		if !p.entry.Empty {
			if err := p.wires.in.decode(p.blob.preamble, p.blob.value, p.in); err != nil {
				return nil, fmt.Errorf("parmap/proc: arguments of kernel %q: %w", name, err)
			}
		}
	}
	var err error
	if p.outputs, err = readOutputs(p.blob.outputs); err != nil {
		return nil, err
	}
	cells, used := int(b.load(atCells)), int(b.load(atUsed))
	if n := int(b.load(atSums)); n > 0 {
		p.sums = segment.Cast[uint32](table.Bytes()[4*cells : 4*(cells+n)])
	}
	if at := int(b.load(atTimes)); at > 0 {
		p.times = timesIn(table.Bytes(), at, cells)
		p.clock = clock{joined, time.Duration(b.load(b.slot(w.Slot, slotSince)))}
	}
	grid := kernel.Grid(int(b.load(atN)), int(b.load(atGrain)))
	p.claims = claims{
		board: b, table: segment.Cast[uint32](table.Bytes()[:4*cells]), grid: grid, share: shareOf(cells, used),
		run: run, me: w.Incarnation,
	}
	p.left = p.share.Len()
	p.block = w.Slot % max(1, p.left)
	return p, nil
}

// do runs a cell that was claimed.
func (w *worker) do(p *part, cell int) {
	b, r := w.board, p.grid.At(cell)
	w.leases++
	b.store(b.slot(w.Slot, slotLeases), w.leases)
	p.cell, p.failed, p.cut = cell, false, false
	if p.times != nil {
		p.times.begin(cell, p.clock.now(), p.me)
	}
	if p.entry.Body != nil {
		p.body(r.Lo, r.Hi)
	} else if err := p.mapItems(r.Lo); err != nil {
		p.fail(&failure{Lo: r.Lo, Hi: r.Hi, Text: err.Error()})
	}
	if p.without { // and after Goexit nobody comes here
		die("panic(nil) in a body")
	}
	if p.times != nil {
		p.times.end(cell, p.clock.now())
	}
	switch {
	case p.cut:
		p.finish(cell, cellCut)
	case p.failed:
		p.finish(cell, cellFailed)
	default:
		p.finish(cell, cellDone)
	}
	if p.panicked || w.Recycle > 0 && w.leases >= uint64(w.Recycle) {
		w.leave(p.run, stateRetired)
		os.Exit(0)
	}
}

// body calls the body of a Kernel.
func (p *part) body(lo, hi int) {
	returned := false
	defer func() {
		if !returned {
			p.recovered(lo, hi, recover())
		}
	}()
	for _, o := range p.outputs {
		o.Clear(lo, hi)
	}
	if err := p.entry.Body(p.ctx, lo, hi, p.in); err != nil {
		p.took(lo, hi, err)
	} else if p.sums != nil {
		// Before finish: who sees that the cell is done sees the sum.
		atomic.StoreUint32(&p.sums[p.cell], kernel.Sum(p.outputs, lo, hi))
		if p.ctx.Err() != nil {
			p.cut = true // it may have given up, whatever it says
		}
	}
	returned = true
}

// mapItems calls the function of a Func for the items of a cell, and sends the
// results.
func (p *part) mapItems(lo int) error {
	in := p.entry.NewIn()
	if err := p.wires.in.decode(p.blob.preamble, p.blob.cell(p.cell), in); err != nil {
		return fmt.Errorf("parmap/proc: items: %w", err)
	}
	out := p.entry.Map(p.ctx, lo, in, p.try)
	if p.failed && !p.collect {
		return nil
	}
	if err := p.worker.deliver(p, out); err != nil {
		return fmt.Errorf("parmap/proc: results: %w", err)
	}
	return nil
}

// try calls f, which runs item i.
func (p *part) try(i int, f func() error) (goOn bool) {
	returned := false
	defer func() {
		if !returned {
			p.recovered(i, i+1, recover())
			goOn = p.collect
		}
	}()
	if p.ctx.Err() != nil {
		p.failed, p.cut, returned = true, true, true
		return false
	}
	goOn = true
	if err := f(); err != nil {
		p.took(i, i+1, err)
		goOn = p.collect // the next call looks whether the run is to end
	}
	returned = true
	return goOn
}

// recovered takes the panic of the body of [lo, hi). No value means Goexit,
// which is a death.
func (p *part) recovered(lo, hi int, v any) {
	if v == nil {
		p.without = true
		return
	}
	p.panicked = true
	f := &failure{Lo: lo, Hi: hi, Panic: true}
	if e, ok := v.(*parmap.PanicError); ok { // a verb's
		v, f.Stack = e.Value, e.Stack
	} else {
		v, f.Stack = segment.Explain(v), debug.Stack()
	}
	_, f.Error = v.(error)
	f.Text = fmt.Sprint(v)
	p.fail(f)
}

// took takes the error of the body of [lo, hi). One that gives up because its
// context was cancelled has not failed.
func (p *part) took(lo, hi int, err error) {
	canceled := errors.Is(err, context.Canceled)
	if p.failed = true; p.ctx.Err() != nil && canceled {
		p.cut = true
		return
	}
	p.fail(&failure{Lo: lo, Hi: hi, Text: err.Error(), Canceled: canceled, Deadline: errors.Is(err, context.DeadlineExceeded)})
}

// fail reports a failure of the cell that is run.
func (p *part) fail(f *failure) {
	p.failed = true
	f.Cell = p.cell
	p.worker.fail(f)
	if !p.collect { // the parent may take a while to read of it
		// Not before it is sent: if this worker died in between, nobody would
		// claim its cell again, and nobody end the run.
		p.board.store(atStop, p.run)
	}
}

// deliver sends what a Func returned for the cell that is run.
func (w *worker) deliver(p *part, out any) error {
	preamble, value, err := p.wires.out.encode(out)
	if err != nil {
		return err
	}
	b := appendHeader(nil, result, 16+len(preamble)+len(value))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.cell))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(preamble)))
	b = append(append(b, preamble...), value...)
	w.count()
	w.write(b)
	return nil
}
