package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A plan is what the tasks compute, and how the run is cut into them. It is written
// once, before anything is submitted: what an attempt records names its digest.
type plan struct {
	Format    string
	Kernel    string
	Version   string
	Arguments journal.Header
	Shape     []int    // of the array
	Type      string   // of its elements: float64
	Row       int      // bytes of each index
	Grain     int      // indices in a chunk
	PerTask   int      // indices in a task; the last can have fewer
	Offset    int64    // where the rows of the first task begin in the partial file
	Stride    int64    // bytes from the rows of a task to those of the next
	Output    string   // where seal puts the array: an absolute path
	Binary    string   // the program, by its SHA-256
	Command   []string // its arguments before the command
	Dir       string   // where it was started
	Arch      string
	Made      time.Time
	Sum       string // SHA-256 of the file with an empty Sum

	digest string // SHA-256 of the file
}

const planFormat = "parfor plan 1"

// tasks returns the ranges of the tasks.
func (p *plan) tasks() chunk.Grid { return chunk.BySize(p.Shape[0], p.PerTask) }

// chunks returns the chunks of a task, counted from its first index.
func (p *plan) chunks(task int) chunk.Grid { return chunk.BySize(p.tasks().At(task).Len(), p.Grain) }

// place returns where in the partial file the rows of a task begin.
func (p *plan) place(task int) int64 { return p.Offset + int64(task)*p.Stride }

// isDense reports whether the partial file is the array. Otherwise there are gaps
// behind the rows of a task, and seal leaves them out.
func (p *plan) isDense() bool { return p.Stride == int64(p.PerTask)*int64(p.Row) }

// size returns how many bytes the rows take in the partial file.
func (p *plan) size() int64 {
	if p.isDense() {
		return int64(p.Shape[0]) * int64(p.Row)
	}
	return int64(p.tasks().Len()) * p.Stride
}

// page is what two machines must not share of a file that both write to: what this one
// keeps of a file as one, and 4096 bytes at least. Tests change it.
var page = max(headPage, os.Getpagesize())

// headPage is the largest page of which a multiple can lie before the rows of a .npy file:
// NumPy refuses headers above 10,000 bytes.
const headPage = 4096

// chunksPerTask is how many chunks a task has without a Grain: what it loses when it
// is killed is a part of a second and the chunks that it has begun.
const chunksPerTask = 64

// cut cuts the run into tasks, at most so many, and these into chunks. The rows of each
// task begin at a page.
func (p *plan) cut(most int) {
	n := p.Shape[0]
	p.PerTask = roundUp(1+(n-1)/most, max(1, min(p.Grain, 1+(n-1)/most)))
	unit := page / gcd(page, p.Row) // so many rows are whole pages
	if whole := roundUp(p.PerTask, unit); page == headPage && whole-p.PerTask <= p.PerTask/4 || p.PerTask >= n {
		p.PerTask = min(whole, n)
		p.Stride = int64(p.PerTask) * int64(p.Row)
	} else {
		p.Stride = int64(roundUp(p.PerTask*p.Row, page))
		if p.isDense() { // it must not look like one: the header is shorter than a page
			p.Stride += int64(page)
		}
	}
	if p.Grain == 0 {
		p.Grain = 1 + (p.PerTask-1)/chunksPerTask
		// Two attempts at the task can be on two machines.
		if unit <= p.Grain {
			p.Grain = roundUp(p.Grain, unit)
		}
	}
	p.Grain = max(min(p.Grain, p.PerTask), 1+(p.PerTask-1)/kernel.MaxCells)
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// A backend is what is to be done with a call of a kernel.
type backend func(ctx context.Context, c *kernel.Call) error

func (b backend) RunKernel(ctx context.Context, c *kernel.Call) error { return b(ctx, c) }

// survey returns what a plan of prog says of it, but for how it is cut.
func survey(ctx context.Context, prog program) (p *plan, err error) {
	err = prog.on(ctx, backend(func(_ context.Context, c *kernel.Call) error {
		p, err = describe(prog, c)
		return err
	}))
	return p, err
}

// confirmed calls do with the call of prog's kernel, if that is the spool's.
func (s *spool) confirmed(ctx context.Context, prog program, do backend) error {
	return prog.on(ctx, backend(func(ctx context.Context, c *kernel.Call) error {
		found, err := describe(prog, c)
		if err == nil {
			err = s.check(found)
		}
		if err != nil {
			return err
		}
		return do(ctx, c)
	}))
}

// describe is survey of a call.
func describe(prog program, c *kernel.Call) (*plan, error) {
	if len(c.Outputs) != 1 {
		return nil, fmt.Errorf("an array of the shape %v has no elements", prog.shape())
	}
	if !slices.ContainsFunc(c.Arrays, c.Outputs[0].Has) {
		return nil, fmt.Errorf("the arguments of kernel %q do not have the array", c.Entry.Name)
	}
	arguments, err := kernel.Arguments(c.Args, c.Outputs)
	if err != nil {
		return nil, fmt.Errorf("arguments of kernel %q: %w", c.Entry.Name, err)
	}
	return &plan{
		Format: planFormat, Kernel: c.Entry.Name, Version: prog.version(), Arguments: arguments,
		Shape: prog.shape(), Type: prog.element().String(), Row: c.Outputs[0].Row,
		Grain: c.Grain, Arch: runtime.GOARCH,
	}, nil
}

// check returns an error if q, a survey, is not of the program that p is of.
func (p *plan) check(q *plan) error {
	have, want := p.program(), q.program()
	for i := range max(len(have), len(want)) {
		switch {
		case i >= len(have) || i >= len(want) || have[i].Name != want[i].Name:
			return errors.New("the spool of another run: its arguments have other fields")
		case have[i] != want[i]:
			return fmt.Errorf("the spool of another run: %s is %s in the plan, %s here", have[i].Name, have[i].Value, want[i].Value)
		}
	}
	return nil
}

// program returns what makes a program the one that p is of.
func (p *plan) program() journal.Header {
	return append(journal.Header{
		{Name: "kernel", Value: strconv.Quote(p.Kernel)},
		{Name: "version", Value: strconv.Quote(p.Version)},
		{Name: "shape", Value: fmt.Sprint(p.Shape)},
		{Name: "type", Value: p.Type},
		{Name: "arch", Value: p.Arch},
	}, p.Arguments...) // last, as the shape is in these too
}

// encode returns the content of the plan's file, and sets the digest.
func (p *plan) encode() ([]byte, error) {
	sum, err := p.sum()
	if err != nil {
		return nil, err
	}
	p.Sum = sum
	b, err := p.marshal()
	p.digest = digestOf(b)
	return b, err
}

func (p *plan) marshal() ([]byte, error) {
	b, err := json.MarshalIndent(p, "", "\t")
	return append(b, '\n'), err
}

// sum returns what Sum has to be.
func (p *plan) sum() (string, error) {
	q := *p
	q.Sum = ""
	b, err := q.marshal()
	return digestOf(b), err
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// decodePlan is the inverse of encode.
func decodePlan(b []byte) (*plan, error) {
	p, err := parsePlan(b)
	if err != nil {
		return nil, err
	}
	if sum, err := p.sum(); err != nil || sum != p.Sum {
		return nil, fmt.Errorf("%w: its plan was changed, and its records are of the plan as it was", errSpool)
	}
	p.digest = digestOf(b)
	return p, nil
}

// parsePlan is decodePlan of a plan that may have been changed.
func parsePlan(b []byte) (*plan, error) {
	p := &plan{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("%w: its plan: %w", errSpool, err)
	}
	if p.Format != planFormat || !p.makesSense() {
		return nil, fmt.Errorf("%w: its plan is of another format, or makes no sense", errSpool)
	}
	return p, nil
}

// makesSense reports whether the numbers can be those of a plan: no product of them
// overflows then.
func (p *plan) makesSense() bool {
	if len(p.Shape) == 0 || p.Shape[0] < 1 || p.Row < 1 || p.Grain < 1 || p.PerTask < 1 || p.PerTask > p.Shape[0] ||
		p.PerTask > math.MaxInt-p.Grain || p.Shape[0] > math.MaxInt-p.PerTask || p.Binary == "" {
		return false
	}
	tasks := int64(p.tasks().Len())
	return int64(p.PerTask) <= math.MaxInt64/int64(p.Row) && p.Stride >= int64(p.PerTask)*int64(p.Row) &&
		p.Offset >= 0 && p.Stride <= (math.MaxInt64-p.Offset)/tasks
}

// header is what the records of an attempt at a task begin with.
func (p *plan) header(task int) journal.Header {
	return journal.Header{{Name: "plan", Value: p.digest}, {Name: "task", Value: strconv.Itoa(task)}}
}
