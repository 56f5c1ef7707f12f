// Package tour holds the programs of README.md beside it, which leads from a loop
// to a program that can be killed and started again, and their tests.
package tour
