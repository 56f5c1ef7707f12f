//go:build unix

package shmarray_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/parfor-go/parfor/shmarray"
)

func ExampleZeros_fillRows() {
	a, err := shmarray.Zeros(3, 4)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	for i := range 3 {
		row := a.Row(i)
		for j := range row {
			row[j] = float64(10*i + j)
		}
	}
	fmt.Println(a.Data())
	// Output: [0 1 2 3 10 11 12 13 20 21 22 23]
}

func ExampleOnes_weights() {
	w, err := shmarray.Ones(4)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	w.Set(0.5, 0)
	w.Set(0.5, 3)
	fmt.Println(w.Data())
	// Output: [0.5 1 1 0.5]
}

func ExampleNew_anyElementType() {
	image, err := shmarray.New[uint8](2, 2, 3) // rows, columns, colours
	if err != nil {
		log.Fatal(err)
	}
	defer image.Close()
	image.Set(255, 1, 0, 2)
	fmt.Println(image.Shape(), image.Len(), image.Row(1))
	// Output: [2 2 3] 12 [0 0 255 0 0 0]
}

func ExampleNew_oneNumber() {
	total, err := shmarray.New[int64]() // no axes: one element
	if err != nil {
		log.Fatal(err)
	}
	defer total.Close()
	total.Set(total.At() + 42)
	fmt.Println(total.Len(), total.At())
	// Output: 1 42
}

func ExampleNew_tooLarge() {
	_, err := shmarray.New[float64](1<<30, 1<<30, 1<<30)
	fmt.Println(errors.Is(err, shmarray.ErrShape))
	_, err = shmarray.New[float64](-1)
	fmt.Println(err)
	// Output:
	// true
	// shmarray: shape [-1]: negative dimension
}

func ExampleFull_markUnfilled() {
	a, err := shmarray.Full[int32](-1, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	copy(a.Row(0), []int32{4, 5, 6})
	fmt.Println(a.Data())
	// Output: [4 5 6 -1 -1 -1]
}

func ExampleLike_outputForInput() {
	in, err := shmarray.FromSlice([]float32{1, 4, 9})
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	out, err := shmarray.Like(in)
	if err != nil {
		log.Fatal(err)
	}
	defer out.Close()
	for i, v := range in.Data() {
		out.Set(2*v, i)
	}
	fmt.Println(out.Data())
	// Output: [2 8 18]
}

func ExampleOnesLike_product() {
	factors, err := shmarray.FromSlice([]uint64{2, 3, 4})
	if err != nil {
		log.Fatal(err)
	}
	defer factors.Close()
	p, err := shmarray.OnesLike(factors)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	for i := range factors.Len() {
		for j := range i + 1 {
			p.Set(p.At(i)*factors.At(j), i)
		}
	}
	fmt.Println(p.Data())
	// Output: [2 6 24]
}

func ExampleCopy_beforeChanging() {
	a, err := shmarray.FromSlice([]int16{1, 2, 3})
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	before, err := shmarray.Copy(a)
	if err != nil {
		log.Fatal(err)
	}
	defer before.Close()
	a.Set(9, 1)
	fmt.Println(before.Data(), a.Data())
	// Output: [1 2 3] [1 9 3]
}

func ExampleFromSlice_shape() {
	data := []float64{1, 2, 3, 4, 5, 6}
	a, err := shmarray.FromSlice(data, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	_, err = shmarray.FromSlice(data, 4, 2)
	fmt.Println(a.At(1, 0))
	fmt.Println(err)
	// Output:
	// 4
	// shmarray: shape [4 2] has 8 elements: the slice has 6
}

// counted returns the numbers 0 to n-1 in a shape of n elements.
func counted(shape ...int) *shmarray.Array[float64] {
	a, err := shmarray.Zeros(shape...)
	if err != nil {
		log.Fatal(err)
	}
	for i := range a.Data() {
		a.Data()[i] = float64(i)
	}
	return a
}

func ExampleArray_Data_oneSlice() {
	a := counted(2, 3)
	defer a.Close()
	var sum float64
	for _, v := range a.Data() {
		sum += v
	}
	fmt.Println(sum)
	// Output: 15
}

func ExampleArray_Shape() {
	a := counted(2, 3)
	defer a.Close()
	fmt.Println(a.Shape(), a.Len())
	// Output: [2 3] 6
}

func ExampleArray_At() {
	a := counted(2, 3)
	defer a.Close()
	a.Set(a.At(1, 2)+0.5, 0, 0)
	fmt.Println(a.At(0, 0))
	// Output: 5.5
}

func ExampleArray_Fill_oneRow() {
	a := counted(3, 2)
	defer a.Close()
	a.Sub(1).Fill(-1)
	fmt.Println(a.Data())
	// Output: [0 1 -1 -1 4 5]
}

func ExampleArray_Zero_beforeTheNextRound() {
	sums := counted(4)
	defer sums.Close()
	for range 2 {
		sums.Zero()
		for i := range sums.Data() {
			sums.Data()[i] += 0.5
		}
	}
	fmt.Println(sums.Data())
	// Output: [0.5 0.5 0.5 0.5]
}

func ExampleArray_Row_doesNotRunOver() {
	a := counted(2, 3)
	defer a.Close()
	longer := append(a.Row(0), 99) // a copy: the row has no room
	fmt.Println(longer, a.Row(1))
	// Output: [0 1 2 99] [3 4 5]
}

func ExampleArray_Sub_matrixOfAStack() {
	stack := counted(2, 2, 2)
	defer stack.Close()
	second := stack.Sub(1)
	second.Set(-1, 0, 0)
	fmt.Println(second.Shape(), stack.Data())
	// Output: [2 2] [0 1 2 3 -1 5 6 7]
}

func ExampleArray_Slice_bandOfRows() {
	a := counted(4, 2)
	defer a.Close()
	band := a.Slice(1, 3)
	fmt.Println(band.Shape(), band.Data())
	// Output: [2 2] [2 3 4 5]
}

func ExampleArray_Reshape() {
	a := counted(6)
	defer a.Close()
	m, err := a.Reshape(2, 3)
	if err != nil {
		log.Fatal(err)
	}
	m.Set(-1, 1, 0)
	fmt.Println(a.Data())
	// Output: [0 1 2 -1 4 5]
}

func ExampleArray_Close_views() {
	a := counted(2, 3)
	row := a.Sub(1)
	fmt.Println(row.Close(), row.At(0)) // of a view: no effect
	fmt.Println(a.Close(), a.Close())
	_, err := shmarray.Copy(row)
	fmt.Println(err)
	// Output:
	// <nil> 3
	// <nil> <nil>
	// shmarray: array is closed
}
