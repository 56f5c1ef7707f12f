//lint:file-ignore U1000 fields that cannot travel are not used either

package parmap_test

import (
	"context"
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext/prng"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/shmarray"
)

func nothing[A any](context.Context, int, int, A) error { return nil }

// rejected returns what NewKernel of arguments A panics with behind the name and
// the type, or "". A Func refuses the same, of items and of results.
func rejected[A any](t *testing.T) string {
	t.Helper()
	name := fresh()
	v := caught(func() { parmap.NewKernel(name, nothing[A]) })
	asItem := caught(func() {
		parmap.NewFunc(name+" of", func(context.Context, A) (int, error) { return 0, nil })
	})
	asResult := caught(func() {
		parmap.NewFunc(name+" to", func(context.Context, int) (a A, err error) { return a, nil })
	})
	if v == nil {
		require.Nil(t, asItem)
		if kernel.HasArray(reflect.TypeFor[A]()) {
			require.Equal(t, fmt.Sprintf("parmap: func %q: %v: an array cannot be a result", name+" to", reflect.TypeFor[A]()), asResult)
		} else {
			require.Nil(t, asResult)
		}
		return ""
	}
	prefix := fmt.Sprintf("parmap: kernel %q: ", name)
	text, ok := v.(string)
	require.True(t, ok, "%T", v)
	require.Contains(t, text, prefix)
	text = text[len(prefix):]
	assert.Equal(t, fmt.Sprintf("parmap: kernel %q: %s", name+" of", text), asItem)
	assert.Equal(t, fmt.Sprintf("parmap: kernel %q: %s", name+" to", text), asResult)
	// What was refused has no name.
	parmap.NewKernel(name, nothing[int])
	var a *A
	typed := fmt.Sprintf("%T", a)[1:] + ": "
	require.Contains(t, text, typed)
	return text[len(typed):]
}

type (
	unexported struct{ X, y int }
	withFunc   struct{ F func() }
	withChan   struct{ C <-chan int }
	deep       struct{ A []map[string][2]*withFunc }
	embedding  struct{ *unexported }
	withMatrix struct{ M mat.Matrix }
	twice      struct{ A, B inner }
	inner      struct{ F func() }
	self       struct{ Next *self }
	circleA    struct{ B []circleB }
	circleB    struct{ A map[string]*circleA }
	badCircle  struct{ B *badCircleB }
	badCircleB struct {
		A *badCircle
		C chan int
	}
	withAny struct {
		X any
		E error
		S fmt.Stringer
	}
	withArrays struct {
		A   *shmarray.Array[float32]
		All []shmarray.Array[int8]
		By  map[int]*shmarray.Array[float64]
	}
	selfEncoding struct{ hidden func() }
	selfPointer  struct{ hidden func() }
	selfBinary   struct{ hidden chan int }
)

func (selfEncoding) GobEncode() ([]byte, error)   { return nil, nil }
func (*selfPointer) GobEncode() ([]byte, error)   { return nil, nil }
func (selfBinary) MarshalBinary() ([]byte, error) { return nil, nil }

// TestTypesThatCannotTravel holds that NewKernel names the culprit, wherever in
// the arguments it is.
func TestTypesThatCannotTravel(t *testing.T) {
	const matrix = "a gonum matrix cannot travel: pass the array"
	for _, tt := range []struct{ got, want string }{
		{rejected[unexported](t), "field y cannot travel: it is not exported"},
		{rejected[*unexported](t), "field y cannot travel: it is not exported"},
		{rejected[embedding](t), "field unexported cannot travel: it is not exported"},
		{rejected[func()](t), "a func cannot travel"},
		{rejected[[]func()](t), "a func cannot travel"},
		{rejected[withFunc](t), "field F: a func cannot travel"},
		{rejected[chan int](t), "a chan cannot travel"},
		{rejected[withChan](t), "field C: a chan cannot travel"},
		{rejected[map[string]chan int](t), "a chan cannot travel"},
		{rejected[map[chan int]string](t), "a chan cannot travel"},
		{rejected[[3]chan int](t), "a chan cannot travel"},
		{rejected[**chan int](t), "a chan cannot travel"},
		{rejected[unsafe.Pointer](t), "a unsafe.Pointer cannot travel"},
		{rejected[deep](t), "field A: field F: a func cannot travel"},
		{rejected[twice](t), "field A: field F: a func cannot travel"},
		{rejected[badCircle](t), "field B: field C: a chan cannot travel"},
		{rejected[struct{ unexported }](t), "field unexported cannot travel: it is not exported"},
		{rejected[mat.Dense](t), matrix},
		{rejected[*mat.Dense](t), matrix},
		{rejected[**mat.Dense](t), matrix},
		{rejected[mat.Matrix](t), matrix},
		{rejected[*mat.VecDense](t), matrix},
		{rejected[mat.SymDense](t), matrix},
		{rejected[withMatrix](t), "field M: " + matrix},
		{rejected[[]*mat.Dense](t), matrix},
		{rejected[map[string]mat.Vector](t), matrix},
	} {
		assert.Equal(t, tt.want, tt.got)
	}
}

func TestTypesThatTravel(t *testing.T) {
	for want, got := range map[string]string{
		"struct{}":      rejected[struct{}](t),
		"int":           rejected[int](t),
		"*int":          rejected[*int](t),
		"string":        rejected[string](t),
		"[]byte":        rejected[[]byte](t),
		"uintptr":       rejected[uintptr](t),
		"complex":       rejected[[]complex128](t),
		"any":           rejected[any](t),
		"interfaces":    rejected[withAny](t),
		"marshaler":     rejected[encoding.BinaryMarshaler](t),
		"time":          rejected[time.Time](t),
		"*time":         rejected[*time.Time](t),
		"duration":      rejected[time.Duration](t),
		"big":           rejected[big.Float](t),
		"arrays":        rejected[withArrays](t),
		"array":         rejected[*shmarray.Array[float32]](t),
		"array value":   rejected[shmarray.Array[complex64]](t),
		"self":          rejected[self](t),
		"*self":         rejected[*self](t),
		"circle":        rejected[circleA](t),
		"set":           rejected[map[string]struct{}](t),
		"encoding":      rejected[selfEncoding](t),
		"encoding ptr":  rejected[[]selfPointer](t),
		"marshaling":    rejected[map[string]selfBinary](t),
		"blas":          rejected[blas64.General](t),
		"anonymous":     rejected[struct{ A, B []float64 }](t),
		"pointer deep":  rejected[***struct{ A *int }](t),
		"gonum's other": rejected[*prng.MT19937](t), // mathext is not mat
	} {
		assert.Empty(t, got, want)
	}
}

func TestNewKernelBadArguments(t *testing.T) {
	name := fresh()
	parmap.NewKernel(name, nothing[int])
	same := func(context.Context, int) (int, error) { return 0, nil }
	assert.PanicsWithValue(t, "parmap: nil body", func() { parmap.NewKernel[int](fresh(), nil) })
	assert.PanicsWithValue(t, "parmap: two kernels of one name", func() { parmap.NewKernel(name, nothing[int]) })
	assert.PanicsWithValue(t, "parmap: two kernels of one name", func() { parmap.NewKernel(name, nothing[string]) })
	assert.PanicsWithValue(t, "parmap: two kernels of one name", func() { parmap.NewFunc(name, same) })
}
