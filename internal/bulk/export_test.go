package bulk

const (
	Shortest = shortest
	Block    = block
)

// FillPlain is Fill by way of the code that every processor has.
func FillPlain(dst, elem []byte) {
	p := repeat(elem)
	fillPlain(dst, &p)
}

// FillBlock and CopyBlock are Fill and Copy of a whole, whatever its length, by
// way of the code for large ones.
func FillBlock(dst, elem []byte) {
	p := repeat(elem)
	fillBlock(dst, &p)
}

func CopyBlock(dst, src []byte) { copyBlock(dst, src) }
