package beyond

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// A Program is a child that is ready to run.
type Program struct {
	Name    string
	Version string // of the library and of what it was compiled with
	// Ways are the names of its ways, the sequential one first.
	Ways []string
	Argv []string
	Env  []string // in addition to the environment there is
}

// Command returns the command that runs p with more arguments. When ctx is
// done, the child is asked to end, and its own children with it, and is killed if
// it does not.
func (p Program) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.Argv[0], append(p.Argv[1:len(p.Argv):len(p.Argv)], args...)...)
	cmd.Env = append(cmd.Environ(), p.Env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// String is its name and version, in one line.
func (p Program) String() string { return p.Name + " (" + p.Version + ")" }

// A Missing is a child that this machine cannot run.
type Missing struct {
	Name string
	Need string // what to install
	Err  error  // what was tried in vain
}

// String is one line: name, and what to install.
func (m Missing) String() string { return m.Name + " needs " + m.Need }

//go:embed source
var source embed.FS

// A child is a program before it is built.
type child struct {
	name, need string
	ways       []string
	build      func(ctx context.Context, s *site) (argv, env []string, err error)
}

var children = []child{
	{
		"openmp", "gcc with libgomp (Debian: gcc, libc6-dev)",
		[]string{"openmp-sequential", "openmp-static", "openmp-dynamic", "openmp-guided", "openmp-simd"},
		buildOpenMP,
	},
	{
		"tbb", "gcc, g++ and oneTBB (Debian: g++, libtbb-dev)",
		[]string{"tbb-sequential", "tbb-auto", "tbb-static", "tbb-simple", "tbb-deterministic"},
		buildTBB,
	},
	{
		"multiprocessing", "python3 with NumPy (Debian: python3-numpy), and gcc for the spins",
		[]string{"multiprocessing-sequential", "multiprocessing-map", "multiprocessing-imap"},
		python("multiprocessing"),
	},
	{
		"joblib", "python3 with NumPy and joblib (Debian: python3-numpy, python3-joblib), and gcc for the spins",
		[]string{"joblib-sequential", "joblib-loky", "joblib-loky-chunked"},
		python("joblib"),
	},
}

// Build makes the programs that this machine can run, in dir, which must be
// there, and says which are missing. An error is one of dir or of ctx. It takes
// some seconds, most of them for C++.
func Build(ctx context.Context, dir string) (programs []Program, missing []Missing, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("beyond: %w", err)
	}
	if err := unpack(dir); err != nil {
		return nil, nil, fmt.Errorf("beyond: %w", err)
	}
	s := newSite(ctx, dir)
	built := make([]Program, len(children))
	errs := make([]error, len(children))
	var wg sync.WaitGroup
	for k, c := range children {
		wg.Go(func() { built[k], errs[k] = c.program(ctx, s) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("beyond: %w", err)
	}
	for k, c := range children {
		if errs[k] != nil {
			missing = append(missing, Missing{c.name, c.need, errs[k]})
		} else {
			programs = append(programs, built[k])
		}
	}
	return programs, missing, nil
}

func (c child) program(ctx context.Context, s *site) (Program, error) {
	if runtime.GOOS == "windows" {
		return Program{}, fmt.Errorf("beyond: %s: %w", c.name, errors.ErrUnsupported)
	}
	argv, env, err := c.build(ctx, s)
	if err != nil {
		return Program{}, err
	}
	p := Program{Name: c.name, Ways: c.ways, Argv: argv, Env: env}
	p.Version, err = output(p.Command(ctx, "-version"))
	return p, err
}

// unpack writes the sources into dir.
func unpack(dir string) error {
	files, err := source.ReadDir("source")
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := fs.ReadFile(source, "source/"+f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// Optimize is the flags of C and C++: as a release is built that is to run on any
// processor of its kind, as Go programs do. Loops begin where a line of the cache
// does: without that, one and the same loop can take twice the time in one program
// that it takes in another.
var Optimize = []string{"-O2", "-falign-functions=64", "-falign-loops=32"}

// A site is a directory with the sources. What several children need is built
// by the first that asks.
type site struct {
	dir string
	// suite builds the objects that C and C++ share, library what Python takes
	// from C.
	suite, library func() error
}

// objects are those of suite.
var objects = []string{"suite.o", "check.o", "clock.o", "plain.o", "work.o"}

func newSite(ctx context.Context, dir string) *site {
	s := &site{dir: dir}
	s.suite = sync.OnceValue(func() error {
		return s.run(ctx, "gcc", "-c", "suite.c", "check.c", "clock.c", "plain.c", "work.c")
	})
	s.library = sync.OnceValue(func() error {
		return s.run(ctx, "gcc", "-shared", "-fPIC", "-o", "libwork.so", "work.c", "-lm")
	})
	return s
}

// run runs a compiler.
func (s *site) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, append(Optimize[:len(Optimize):len(Optimize)], args...)...)
	cmd.Dir = s.dir
	_, err := output(cmd)
	return err
}

// buildOpenMP's environment is what libgomp has to lower the cost of a loop.
//
// OMP_WAIT_POLICY=active lets threads wait for the next loop without going to
// sleep, for as long as it takes; by default they give up after 300,000 turns,
// some milliseconds (GOMP_SPINCOUNT). The helpers of parmap wait for half a
// millisecond; so for a loop that comes later than that, OpenMP is
// faster, and uses a processor the whole time. With more threads than processors it
// gives up early, whatever the policy.
//
// OMP_PROC_BIND=true keeps each thread on one processor, with its cache.
// OMP_DYNAMIC=false, the default, has as many threads as asked for.
//
// This is for a machine that does nothing else. On a busy one, threads wait in
// vain for one that has no processor, and cannot go to another.
func buildOpenMP(ctx context.Context, s *site) (argv, env []string, err error) {
	if err := s.suite(); err != nil {
		return nil, nil, err
	}
	args := append([]string{"-fopenmp", "-o", "openmp", "openmp.c"}, objects...)
	if err := s.run(ctx, "gcc", append(args, "-lm")...); err != nil {
		return nil, nil, err
	}
	env = []string{"OMP_WAIT_POLICY=active", "OMP_PROC_BIND=true", "OMP_DYNAMIC=false"}
	return []string{filepath.Join(s.dir, "openmp")}, env, nil
}

// buildTBB has no environment: oneTBB has no settings for how its threads wait.
func buildTBB(ctx context.Context, s *site) (argv, env []string, err error) {
	if err := s.suite(); err != nil {
		return nil, nil, err
	}
	args := append([]string{"-std=c++17", "-o", "tbb", "tbb.cpp"}, objects...)
	if err := s.run(ctx, "g++", append(args, "-ltbb", "-lm")...); err != nil {
		return nil, nil, err
	}
	return []string{filepath.Join(s.dir, "tbb")}, nil, nil
}

// python returns the build of a pool's program. Its spins are in C, as they would
// say nothing in Python; without a compiler it has none of the work made of them.
func python(pool string) func(ctx context.Context, s *site) (argv, env []string, err error) {
	return func(ctx context.Context, s *site) (argv, env []string, err error) {
		if err := s.library(); err != nil && !errors.Is(err, exec.ErrNotFound) {
			return nil, nil, err
		}
		// The system's own comes first: it has the packages of the system.
		for _, name := range []string{"/usr/bin/python3", "python3"} {
			argv = []string{name, filepath.Join(s.dir, "processes.py"), "-pool", pool}
			_, failed := output(Program{Argv: argv}.Command(ctx, "-version"))
			if failed == nil {
				return argv, nil, nil
			}
			err = errors.Join(err, failed)
		}
		return nil, nil, err
	}
}

// output returns what cmd prints, without the last newline. Its error has what
// cmd prints as errors.
func output(cmd *exec.Cmd) (string, error) {
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("beyond: %s: %w\n%s", filepath.Base(cmd.Path), err, errs.Bytes())
	}
	return string(bytes.TrimSuffix(out, []byte("\n"))), err
}
