// Package timeline draws what [parmap.Record] has written down: as a picture that
// any browser shows, and as events for the viewers of traces, which can zoom.
//
//	var s parmap.Stats
//	parmap.For(n, body, parmap.Record(&s))
//	err := timeline.SVG(file, &s)
//
// # Reading the picture
//
// A worker has a lane, and the time goes to the right. A bar is an attempt at a chunk:
// the longer it took the darker it is, on a logarithmic scale, so that the few chunks
// that decide how long the run takes stand out. A hatched bar with a cross is an
// unfinished attempt: its body returned an error or panicked, its process died, or it
// was broken off because the run was to end. Where a lane is but a line, the worker had
// nothing to do; before its first chunk, where it started up, the line is dashed.
//
// A run that uses its workers well is a wall of bars with an even right edge. One dark
// bar that ends alone is a chunk that is too large or too slow: a smaller Grain, or the
// slow indices first. Lanes with more line than bar are work too short to hand out.
//
// Chunks too short to be seen are joined to one bar, of the shade of their mean duration
// and lower the more the worker waited between them: a lane of half the height was busy
// for half of the time. So a picture is no larger than some 2 MB, whatever the run.
//
// Bars have a text that a browser shows under the pointer: the indices, or how many
// chunks the bar stands for, when the attempt began, how long it took, the error. Lanes
// have one too. The spans that [parmap.Stats.Dropped] counts are not in the picture,
// which says so.
package timeline
