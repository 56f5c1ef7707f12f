package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// parse returns the results that are in a page, by the names of the examples. The
// page is well-formed XML.
func parse(page []byte) (map[string]result, error) {
	all := map[string]result{}
	d := xml.NewDecoder(bytes.NewReader(page))
	var path []xml.StartElement
	name, still := "", ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			r := all[name]
			switch token.Name.Local {
			case "section":
				name = attribute(token, "id")
			case "source":
				still = attribute(token, "srcset")
			case "img":
				r.pictures = append(r.pictures, drawn{attribute(token, "src"), still})
				still = ""
				all[name] = r
			}
			path = append(path, token.Copy())
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) < 2 || path[len(path)-2].Name.Local != "samp" {
				continue
			}
			r, text := all[name], strings.Trim(string(token), "\n")
			if attribute(path[len(path)-1], "class") == "table" {
				r.table = text
			} else {
				r.lines = append(r.lines, text)
			}
			all[name] = r
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
