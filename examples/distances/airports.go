package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// An airport is one row of the file.
type airport struct {
	code, name, state string
	lat, lon          float64 // degrees, north and east positive
}

func (a airport) String() string { return a.name + " (" + a.code + ")" }

// readAirports reads a CSV file whose header names at least the columns iata,
// name, state, latitude and longitude, in any order. Name is the file's, for
// errors, which also tell the line and the field.
func readAirports(name string, r io.Reader) ([]airport, error) {
	in := csv.NewReader(r)
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: no header: the file is empty", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	columns := []string{"iata", "name", "state", "latitude", "longitude"}
	at := make([]int, len(columns))
	for k, column := range columns {
		if at[k] = slices.Index(header, column); at[k] < 0 {
			return nil, fmt.Errorf("%s: line 1: no column %q in the header", name, column)
		}
	}
	var airports []airport
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err) // names the line, of a stray quote also the column
		}
		a := airport{code: row[at[0]], name: row[at[1]], state: row[at[2]]}
		for _, angle := range []struct {
			k     int
			limit float64
			to    *float64
		}{{3, 90, &a.lat}, {4, 180, &a.lon}} {
			if *angle.to, err = parseDegrees(row[at[angle.k]], angle.limit); err != nil {
				line, column := in.FieldPos(at[angle.k])
				return nil, fmt.Errorf("%s: line %d, column %d: %s %w", name, line, column, columns[angle.k], err)
			}
		}
		airports = append(airports, a)
	}
	if len(airports) < 2 {
		return nil, fmt.Errorf("%s: a distance needs two airports, found %d", name, len(airports))
	}
	return airports, nil
}

// parseDegrees reads an angle in [-limit, limit]; NaN is in no interval.
func parseDegrees(s string, limit float64) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	if !(v >= -limit && v <= limit) {
		return 0, fmt.Errorf("%q is not within %g degrees of zero", s, limit)
	}
	return v, nil
}

// correct turns the signs that cannot be right and returns how many it found:
// the list has the Mariana Islands west of Greenwich and American Samoa north
// of the equator.
func correct(airports []airport) (found int) {
	for i := range airports {
		a := &airports[i]
		switch {
		case (a.state == "GU" || a.state == "CQ") && a.lon < 0:
			a.lon = -a.lon
		case a.state == "AS" && a.lat > 0:
			a.lat = -a.lat
		default:
			continue
		}
		found++
	}
	return found
}
