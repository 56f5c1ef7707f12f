package batch

import (
	"fmt"
	"strconv"
	"strings"
)

// indices are the variables in which engines tell an element of an array its number,
// and what the first element's is.
var indices = []struct {
	name  string
	first int
}{
	{"SLURM_ARRAY_TASK_ID", 0},
	{"AWS_BATCH_JOB_ARRAY_INDEX", 0},
	{"JOB_COMPLETION_INDEX", 0}, // Kubernetes
	{"PBS_ARRAY_INDEX", 0},
	{"PBS_ARRAYID", 0}, // Torque
	{"LSB_JOBINDEX", 1},
	{"SGE_TASK_ID", 1},
}

// indexFrom returns the number of this element, counted from 0, as getenv has it.
func indexFrom(getenv func(string) string) (int, error) {
	for _, v := range indices {
		s := getenv(v.name)
		if s == "" || s == "undefined" || v.first > 0 && s == "0" { // no element of an array: so say SGE and LSF
			continue
		}
		i, err := strconv.Atoi(s)
		if err != nil || i < v.first {
			return 0, fmt.Errorf("%s is %q", v.name, s)
		}
		return i - v.first, nil
	}
	var names []string
	for _, v := range indices {
		names = append(names, v.name)
	}
	return 0, usageError("there is no -index, and no variable of an engine that has one: " + strings.Join(names, ", "))
}
