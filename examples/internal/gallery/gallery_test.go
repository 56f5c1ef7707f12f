package main

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
)

const root = "../../.."

func TestMain(m *testing.M) { leakcheck.Main(m) }

func committed(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "examples/gallery.html"))
	require.NoError(t, err)
	return b
}

// The committed page is what would be made today, but for what the programs draw and
// print: it has the texts and the code of today's READMEs and sources.
func TestPageIsThatOfTheSources(t *testing.T) {
	b := committed(t)
	results, err := parse(b)
	require.NoError(t, err)
	again, err := render(root, results)
	require.NoError(t, err)
	assert.Equal(t, short(b), short(again), "make gallery makes it anew; with ARGS=-texts no example is run")
	assert.True(t, bytes.Equal(b, again), "a picture is another one")
}

// short leaves the pictures out, for a failure that can be read.
func short(page []byte) string {
	return regexp.MustCompile(`base64,[^"]*`).ReplaceAllString(string(page), "")
}

func TestPageHasAllExamplesAndTheirPictures(t *testing.T) {
	b := committed(t)
	assert.LessOrEqual(t, len(b), mostBytes)
	results, err := parse(b)
	require.NoError(t, err)
	require.Len(t, results, len(list))
	for _, e := range list {
		r, ok := results[e.name]
		require.True(t, ok, "%s", e.name)
		assert.NotEmpty(t, r.lines, "%s", e.name)
		require.Len(t, r.pictures, len(e.pictures), "%s", e.name)
		for k, p := range r.pictures {
			kind := mediaTypes[filepath.Ext(e.pictures[k].file)]
			decodes(t, kind, p.uri)
			assert.Equal(t, kind == "image/gif", p.still != "", "%s", e.name)
			if p.still != "" {
				decodes(t, "image/png", p.still)
			}
		}
	}
}

func decodes(t *testing.T, kind, uri string) {
	t.Helper()
	text, ok := strings.CutPrefix(uri, "data:"+kind+";base64,")
	require.True(t, ok, "%.40s", uri)
	b, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	size := image.Point{1, 1}
	switch r := bytes.NewReader(b); kind {
	case "image/png":
		img, err := png.Decode(r)
		require.NoError(t, err)
		size = img.Bounds().Size()
	case "image/gif":
		film, err := gif.DecodeAll(r)
		require.NoError(t, err)
		assert.Greater(t, len(film.Image), 1)
		size = film.Image[0].Rect.Size()
	default:
		assert.Equal(t, "svg", elements(t, b)[0].Name.Local)
	}
	assert.Positive(t, size.X*size.Y)
}

// The page needs no other file and runs nothing, and each picture has a text.
func TestPageIsSelfContained(t *testing.T) {
	ids := map[string]bool{}
	for _, e := range elements(t, committed(t)) {
		assert.NotEqual(t, "script", e.Name.Local)
		for _, a := range e.Attr {
			assert.False(t, strings.HasPrefix(a.Name.Local, "on"), "%s", a.Name.Local)
		}
		switch e.Name.Local {
		case "img":
			assert.NotEmpty(t, attribute(e, "alt"))
			assert.True(t, strings.HasPrefix(attribute(e, "src"), "data:image/"))
		case "link":
			assert.Equal(t, "data:,", attribute(e, "href"))
		case "section":
			ids[attribute(e, "id")] = true
		}
	}
	links := 0
	for _, e := range elements(t, committed(t)) {
		if e.Name.Local != "a" {
			continue
		}
		links++
		href := attribute(e, "href")
		if id, ok := strings.CutPrefix(href, "#"); ok {
			assert.True(t, ids[id], "%s", href)
		} else {
			assert.FileExists(t, filepath.Join(root, "examples", href))
		}
	}
	assert.Greater(t, links, 2*len(list))
	for _, foreign := range []string{"@import", "url(", "@font-face"} {
		assert.NotContains(t, style, foreign)
	}
}

// elements returns the elements of a document, which is well-formed.
func elements(t *testing.T, document []byte) (all []xml.StartElement) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			all = append(all, e.Copy())
		}
	}
}

// One program is run, small, and gets into the page as it came out.
func TestRunAndRenderAndParse(t *testing.T) {
	e := list[0]
	require.Equal(t, "distances", e.name)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte("iata,name,city,state,country,latitude,longitude\nN,North & Pole,,P,,90,0\nO,Null,,E,,0,0\n"), 0o666))
	e.args = []string{"-in", in}
	r, err := e.run(root, filepath.Join(dir, "run"))
	require.NoError(t, err)
	require.Len(t, r.pictures, 1)
	decodes(t, "image/png", r.pictures[0].uri)
	assert.Equal(t, []string{
		"airports     2, that is 4 distances",
		"parallel     the same bits",
		"farthest     North & Pole (N) and Null (O), 10008 km",
		"most remote  North & Pole (N), 10008 km from Null (O)",
	}, r.lines)

	film := r
	film.pictures = []drawn{{r.pictures[0].uri, r.pictures[0].uri}}
	film.table = "<1>  2\n3    4"
	want := map[string]result{"distances": r, "heat": film}
	page, err := render(root, want)
	require.NoError(t, err)
	got, err := parse(page)
	require.NoError(t, err)
	assert.Equal(t, r, got["distances"])
	assert.Equal(t, film, got["heat"])
}

func TestRunFails(t *testing.T) {
	e := example{name: "distances", args: []string{"-workers", "-1"}}
	_, err := e.run(root, filepath.Join(t.TempDir(), "run"))
	assert.ErrorContains(t, err, "exit status 1")
	assert.ErrorContains(t, run(root, filepath.Join(root, "examples/gallery.html"), []string{"nobody"}), `no example "nobody"`)
	assert.ErrorIs(t, run(root, filepath.Join(t.TempDir(), "page.html"), []string{"heat"}), os.ErrNotExist)
}

func TestTextsAreMadeAnewWithoutARun(t *testing.T) {
	b := committed(t)
	path := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(b, []byte("Lets heat spread"), []byte("Old")), 0o666))
	require.NoError(t, run(root, path, nil))
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(b, again))
}

func TestKeyLinesHaveNoTimes(t *testing.T) {
	all, table := keyLines(`steps        4000, each 0.175 s, r = 0.2
parallel     187.367ms, a step 46.841µs
sequential   311.7ms, a step 77.9µs, the same bits
one worker   95 % from 7.2 to 7.8 minutes, in 2.25s
rounds       54 rounds in 1m1.07s
check        the same bits, in 1.5s
goroutines   9.1s for these, the same bits
filled       in 857ms
speed-up     1.66
picture      heat.gif, 40 frames

cells  said
44     chunk timeout 1s
`)
	assert.Equal(t, []string{
		"steps        4000, each 0.175 s, r = 0.2",
		"sequential   the same bits",
		"one worker   95 % from 7.2 to 7.8 minutes",
		"rounds       54 rounds",
		"check        the same bits",
		"goroutines   the same bits",
	}, all)
	assert.Equal(t, "cells  said\n44     chunk timeout 1s", table)
}

func TestExcerpts(t *testing.T) {
	dir := t.TempDir()
	source := "package p\n\n// F is \"good\".\nfunc F() {\n\tif a < b {\n\t\tparmap.For(1, body)\n\t}\n}\n\nfunc G() { return }\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o666))
	text, err := excerpt{"p.go", "F", ""}.read(dir)
	require.NoError(t, err)
	assert.Equal(t, source[strings.Index(source, "// F"):strings.Index(source, "\n\nfunc G")], text)
	text, err = excerpt{"p.go", "F", "For"}.read(dir)
	require.NoError(t, err)
	assert.Equal(t, "if a < b {\n\tparmap.For(1, body)\n}", text)
	assert.Equal(t, "<em>if</em> a &lt; b {\n\t<b>parmap.For</b>(1, body)\n}", highlight(text))
	assert.Equal(t, "<i>// x &amp; y</i>\nparmap := 1 <i>// z</i>", highlight("// x & y\nparmap := 1 // z"))
	for _, e := range []excerpt{{"p.go", "F", "Map"}, {"p.go", "H", ""}} {
		_, err = e.read(dir)
		assert.ErrorContains(t, err, "p.go: no function "+e.function)
	}
	for _, e := range list {
		for _, x := range e.excerpts {
			text, err := x.read(filepath.Join(root, "examples", e.name))
			require.NoError(t, err)
			assert.Contains(t, text, x.call)
			assert.LessOrEqual(t, strings.Count(text, "\n"), 25, "%s: a few lines", e.name)
		}
	}
}

func TestMarkdown(t *testing.T) {
	readme := "# a\n\nz = z*z + c, `a<b` and *An\nIntroduction*, [here](b.md):\n\n    go run\n"
	assert.Equal(t, "z = z*z + c, <code>a&lt;b</code> and <em>An Introduction</em>, here:", markdown(firstParagraph(readme)))
	_, err := altOf(readme, "a.png")
	assert.ErrorContains(t, err, "no picture a.png")
}
