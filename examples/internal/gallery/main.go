// Gallery runs the examples and makes examples/gallery.html of what they draw and
// print: one static page that needs no other file. From the top of the checkout:
//
//	go run ./examples/internal/gallery
//	go run ./examples/internal/gallery mandelbrot heat    # only these; the others as they are in the page
//	go run ./examples/internal/gallery -texts             # none: only texts and code are new
//
// Which examples there are, and what is shown of each, is in list.go. Texts and code
// are taken from their READMEs and sources; the test fails when the committed
// page has not those of today.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	out := flag.String("o", "examples/gallery.html", "the `file` to make")
	texts := flag.Bool("texts", false, "run no example: what they drew and printed is in the page")
	flag.Parse()
	names := flag.Args()
	if len(names) == 0 && !*texts {
		for _, e := range list {
			names = append(names, e.name)
		}
	}
	if err := run(".", *out, names); err != nil {
		fmt.Fprintln(os.Stderr, "gallery:", err)
		os.Exit(1)
	}
}

// run makes the page of the checkout at root. It runs the examples of these names; what
// others drew and printed is in the page that is there.
func run(root, out string, names []string) error {
	results := map[string]result{}
	if len(names) < len(list) { // what the others have is there
		before, err := os.ReadFile(out)
		if err != nil {
			return err
		}
		if results, err = parse(before); err != nil {
			return fmt.Errorf("%s: %w", out, err)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(e example) bool { return e.name == name }) {
			return fmt.Errorf("no example %q in the gallery", name)
		}
	}
	dir, err := os.MkdirTemp("", "gallery")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, e := range list {
		if !slices.Contains(names, e.name) {
			continue
		}
		fmt.Println(e.command())
		if results[e.name], err = e.run(root, filepath.Join(dir, e.name)); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	page, err := render(root, results)
	if err != nil {
		return err
	}
	if len(page) > mostBytes {
		return fmt.Errorf("%d bytes are too much for a page: %d at most", len(page), mostBytes)
	}
	fmt.Printf("%s, %d bytes\n", out, len(page))
	return os.WriteFile(out, page, 0o666)
}

// mostBytes is the size of a page that one still likes to open on a phone.
const mostBytes = 1_500_000
