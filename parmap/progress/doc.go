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
// The rate is in items a second (k is a thousand, M a million), or in items a minute, an
// hour or a day if it is below one. The line fits the width that the terminal has at that
// time: on a narrow one the time elapsed is left out first, then the rate, the count, the
// bar and the time left. The bar is of # where the locale is not UTF-8, or is one of East
// Asia, where a block may take two columns. There are no colours. At the end the line says
//
//	1000 of 1000 in 3.2 s, 312 a second
//
// or, if an error, a panic or a cancelled context has ended the run,
//
//	370 of 1000 (37%) done after 1.2 s, 312 a second
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
// With a [parmap.Journal] the count begins at what earlier runs have finished. The rate
// and the time left are of this run alone, and are not known before it has finished
// something; nor does the last line have a rate then. That is so, as a rule, of a run that
// takes less than a tenth of a second.
package progress
