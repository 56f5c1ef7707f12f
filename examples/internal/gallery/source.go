package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/scanner"
	"go/token"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// read returns the text of an excerpt, without the indentation of its first line.
func (e excerpt) read(dir string) (string, error) {
	path := filepath.Join(dir, e.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		return "", err
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != e.function {
			continue
		}
		begin, end := f.Pos(), f.End()
		if f.Doc != nil {
			begin = f.Doc.Pos()
		}
		if e.call != "" {
			s := e.statement(f)
			if s == nil {
				break
			}
			begin, end = s.Pos(), s.End()
		}
		text := string(source[files.Position(begin).Offset:files.Position(end).Offset])
		indent := strings.Repeat("\t", files.Position(begin).Column-1)
		return strings.ReplaceAll(text, "\n"+indent, "\n"), nil
	}
	return "", fmt.Errorf("%s: no function %s that calls %q", path, e.function, e.call)
}

// statement returns the statement of f's body that has the call in it, or nil.
func (e excerpt) statement(f *ast.FuncDecl) (found ast.Stmt) {
	for _, s := range f.Body.List {
		ast.Inspect(s, func(n ast.Node) bool {
			if x, ok := n.(*ast.SelectorExpr); ok && x.Sel.Name == e.call && found == nil {
				found = s
			}
			return found == nil
		})
	}
	return found
}

// packages of the project, whose names in code are marked.
var packages = map[string]bool{"parmap": true, "proc": true, "shmarray": true, "chunk": true}

// highlight returns Go source as HTML: comments in i, keywords in em, and what is used
// of the project in b.
func highlight(source string) string {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", -1, len(source)), []byte(source), nil, scanner.ScanComments)
	type lexeme struct {
		at   int
		kind token.Token
		text string
	}
	var all []lexeme
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		if kind == token.SEMICOLON && text == "\n" {
			continue // not in the source
		}
		if text == "" {
			text = kind.String()
		}
		all = append(all, lexeme{files.Position(pos).Offset, kind, text})
	}
	var b strings.Builder
	at := 0
	for k := 0; k < len(all); k++ {
		l := all[k]
		b.WriteString(html.EscapeString(source[at:l.at]))
		at = l.at + len(l.text)
		tag := ""
		switch {
		case l.kind == token.COMMENT:
			tag = "i"
		case l.kind.IsKeyword():
			tag = "em"
		case packages[l.text] && k+2 < len(all) && all[k+1].kind == token.PERIOD:
			tag = "b"
			k += 2
			at = all[k].at + len(all[k].text)
		}
		text := html.EscapeString(source[l.at:at])
		if tag != "" {
			text = "<" + tag + ">" + text + "</" + tag + ">"
		}
		b.WriteString(text)
	}
	b.WriteString(html.EscapeString(source[at:]))
	return b.String()
}

// firstParagraph returns the paragraph under the title of a README.
func firstParagraph(readme string) string {
	_, text, _ := strings.Cut(readme, "\n\n")
	text, _, _ = strings.Cut(text, "\n\n")
	return strings.ReplaceAll(text, "\n", " ")
}

// altOf returns the alternative text of a picture in a README.
func altOf(readme, file string) (string, error) {
	m := regexp.MustCompile(`!\[([^\]]+)\]\(` + regexp.QuoteMeta(file) + `\)`).FindStringSubmatch(readme)
	if m == nil {
		return "", fmt.Errorf("README.md has no picture %s", file)
	}
	return m[1], nil
}

var inline = []struct {
	markdown *regexp.Regexp
	html     string
}{
	{regexp.MustCompile("`([^`]+)`"), "<code>$1</code>"},
	{regexp.MustCompile(`\*(\w[^*]*\w)\*`), "<em>$1</em>"},
	{regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`), "$1"}, // the README is linked as a whole
}

// markdown returns a paragraph as HTML.
func markdown(text string) string {
	text = html.EscapeString(text)
	for _, i := range inline {
		text = i.markdown.ReplaceAllString(text, i.html)
	}
	return text
}

// synopsis returns the first sentence of a program's comment.
func synopsis(dir string) (string, error) {
	for _, name := range []string{"main.go", "doc.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return "", err
		}
		return new(doc.Package).Synopsis(file.Doc.Text()), nil
	}
	return "", fmt.Errorf("%s: neither main.go nor doc.go", dir)
}
