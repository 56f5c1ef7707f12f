package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed page.html
var layout string

//go:embed style.css
var style string

// What the layout is filled with.
type (
	page struct {
		Style    template.CSS
		Sections []section
		Others   []other
	}
	section struct {
		Name, Title, Command string
		Text, Code           template.HTML
		Figures              []figure
		Lines                []string // of the output
		Table                string   // what it ends with, or ""
	}
	figure struct {
		URI          template.URL
		Still        template.Srcset
		Alt, Caption string
		Kind         string // png, gif or svg
	}
	other struct{ Name, Link, Text string }
)

// render returns the page of the checkout at root with the results of its programs.
func render(root string, results map[string]result) ([]byte, error) {
	p := page{Style: template.CSS("\n" + style)}
	for _, e := range list {
		s, err := e.section(filepath.Join(root, "examples", e.name), results[e.name])
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, s)
	}
	others, err := others(filepath.Join(root, "examples"))
	if err != nil {
		return nil, err
	}
	p.Others = others
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

func (e example) section(dir string, r result) (section, error) {
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		return section{}, err
	}
	s := section{
		Name:    e.name,
		Title:   e.title,
		Command: e.command(),
		Text:    template.HTML(markdown(firstParagraph(string(readme)))),
		Lines:   r.lines,
		Table:   r.table,
	}
	var code []string
	for _, x := range e.excerpts {
		text, err := x.read(dir)
		if err != nil {
			return section{}, err
		}
		code = append(code, highlight(text))
	}
	s.Code = template.HTML(strings.Join(code, "\n\n"))
	for k, p := range e.pictures {
		f := figure{Alt: p.alt, Caption: p.caption, Kind: strings.TrimPrefix(filepath.Ext(p.file), ".")}
		if f.Alt == "" {
			if f.Alt, err = altOf(string(readme), p.file); err != nil {
				return section{}, err
			}
		}
		if k < len(r.pictures) {
			f.URI, f.Still = template.URL(r.pictures[k].uri), template.Srcset(r.pictures[k].still)
		}
		s.Figures = append(s.Figures, f)
	}
	return s, nil
}

// others returns the examples that draw nothing, by name.
func others(dir string) (all []other, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || name == "internal" || slices.ContainsFunc(list, func(e example) bool { return e.name == name }) {
			continue
		}
		text, err := synopsis(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		o := other{Name: name, Link: name + "/main.go", Text: text}
		if _, err := os.Stat(filepath.Join(dir, name, "README.md")); err == nil {
			o.Link = name + "/README.md"
		}
		all = append(all, o)
	}
	return all, nil
}
