package parmap

// A RowViewer is a matrix whose rows are slices of its own memory. A
// *mat.Dense of gonum is one, and so is what shmarray.Dense returns.
type RowViewer interface {
	Dims() (r, c int)
	RawRowView(i int) []float64
}

// ForRows calls body(i, row) for each row of m, where row is the matrix's own
// memory: what body writes there is in m. Otherwise it is as [For]. A nil m
// panics.
func ForRows(m RowViewer, body func(i int, row []float64), opts ...Option) {
	if m == nil {
		panic("parmap: nil matrix")
	}
	if body == nil {
		panic("parmap: nil body")
	}
	c := configure(opts)
	n, _ := m.Dims()
	if n < 0 {
		panic("parmap: negative n")
	}
	if c.empty(n) {
		return
	}
	r := newRegion()
	r.rows = rowsBody{m, body}
	r.body = &r.rows
	r.run(n, c)
	r.release()
}

type rowsBody struct {
	m RowViewer
	f func(i int, row []float64)
}

func (b *rowsBody) chunk(_, lo, hi int) (int, error) {
	for i := lo; i < hi; i++ {
		b.f(i, b.m.RawRowView(i))
	}
	return hi - lo, nil
}
