package progress

// Spell is how times are written.
var Spell = spell

// Pace is how a rate is written.
func Pace(perSecond float64) string {
	n, u := pace(perSecond)
	return n + " " + u.long
}
