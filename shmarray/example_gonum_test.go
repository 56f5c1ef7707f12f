//go:build unix

package shmarray_test

import (
	"fmt"
	"log"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/shmarray"
)

func ExampleFromMatrix_transpose() {
	m := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	a, err := shmarray.FromMatrix(m.T())
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	fmt.Println(a.Shape(), a.Data())
	// Output: [3 2] [1 4 2 5 3 6]
}

func ExampleDense_resultInTheArray() {
	a := counted(2, 2)
	defer a.Close()
	square := counted(2, 2)
	defer square.Close()
	shmarray.Dense(square).Mul(shmarray.Dense(a), shmarray.Dense(a))
	fmt.Println(square.Data())
	// Output: [2 3 6 11]
}

func ExampleVec_row() {
	a := counted(2, 3)
	defer a.Close()
	row := shmarray.Vec(a.Sub(1))
	row.ScaleVec(10, row)
	fmt.Println(a.Data())
	// Output: [0 1 2 30 40 50]
}

func ExampleCDense() {
	a, err := shmarray.FromSlice([]complex128{1, 2i, -2i, 3}, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	m := shmarray.CDense(a)
	m.Set(1, 1, m.At(0, 1)*m.At(1, 0))
	fmt.Println(a.At(1, 1))
	// Output: (4+0i)
}

func ExampleGeneral32_gemm() {
	a, err := shmarray.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	product, err := shmarray.Like(a)
	if err != nil {
		log.Fatal(err)
	}
	defer product.Close()
	m := shmarray.General32(a)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, m, m, 0, shmarray.General32(product))
	fmt.Println(product.Data())
	// Output: [7 10 15 22]
}

func ExampleBacks_matrixThatLeft() {
	a := counted(2, 2)
	defer a.Close()
	m := shmarray.Dense(a)
	fmt.Println(shmarray.Backs(a, m.RawMatrix().Data))
	m.CloneFrom(mat.NewDense(2, 2, nil)) // takes memory of its own
	fmt.Println(shmarray.Backs(a, m.RawMatrix().Data))
	// Output:
	// true
	// false
}
