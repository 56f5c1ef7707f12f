// Package progress shows how far a run has come, on a terminal or in a log.
//
//	parmap.For(n, body, progress.Bar(os.Stderr))
//
// # On a terminal
//
// While the run lasts, one line is rewritten in place:
//
//	37%  |███████▍            |  370/1000    312/s  elapsed 00:01  left 00:02
//
// The rate is in items a second (k is a thousand, M a million), in items a minute or an
// hour if it is below one. The line fits the width that the terminal has at that time:
// on a narrow one the time elapsed is left out first, then the rate, the count, the
// bar and the time left. The bar is of # where the locale is not UTF-8. There are no
// colours. At the end the line says
//
//	1000 of 1000 in 3.2 s, 312 a second
//
// or, if an error, a panic or a cancelled context has ended the run,
//
//	stopped at 370 of 1000 (37%) after 1.2 s, 312 a second
//
// and what is written next begins a line of its own. While the run lasts, the cursor stays
// where the bar begins: what a body writes to the same terminal goes over it, and the bar
// goes on in the next line.
//
// # In a log
//
// What is not a terminal (a file, a pipe, a buffer, a terminal whose TERM is dumb or not
// set, and all on Windows) gets a whole line without control characters every ten
// seconds, and one at the end, which is all that a shorter run writes:
//
//	370 of 1000 (37%) in 10 s, 37 a second, 17 s left
//
// # Streams
//
// Of a [parmap.Stream] nobody knows the end: there is no bar, the count, the rate and the
// time elapsed are all.
//
// # Resumed runs
//
// With a [parmap.Journal] the count begins at what earlier runs have finished. The rate is
// that of this run alone, as the time left is: it is computed from that, and not known as
// long as that is not. So the last line has no rate if the run was over before anybody
// could tell, as a rule in less than a tenth of a second.
package progress
