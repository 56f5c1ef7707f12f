// Package programtest has what the tests of the examples have in common: the test
// binary as the program itself, and pictures that are compared.
package programtest
