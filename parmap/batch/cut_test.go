package batch_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/batch"
)

// TestCut holds that the tasks' rows begin at pages and do not overlap, that there are
// at most as many as asked for, and not far fewer if there is enough to do.
func TestCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	type run struct{ n, row, grain, tasks int }
	runs := []run{
		{1, 8, 1, 500}, {500, 8, 1, 500}, {501, 8, 1, 500}, {501, 8, 0, 500}, {1e9, 24, 0, 10_000}, {1 << 20, 8, 256, 500}, {1e9, 8, 1 << 18, 500}, {1e9, 24, 1 << 18, 10_000},
		{10_000, 4096, 1, 500}, {10_000, 4095, 1, 500}, {7, 1 << 20, 100, 3},
	}
	for range 2000 {
		runs = append(runs, run{1 + rng.IntN(100_000), 1 + rng.IntN(10_000), rng.IntN(300), 1 + rng.IntN(600)})
	}
	for _, page := range []int{4096, 1 << 16} {
		restore := batch.SetPage(page)
		for _, r := range runs {
			per, chunk, stride, dense := batch.Cut(r.n, r.row, r.grain, r.tasks)
			tasks := (r.n + per - 1) / per
			what := fmt.Sprintf("page %d, %+v: %d tasks of %d, chunks of %d, stride %d", page, r, tasks, per, chunk, stride)
			require.LessOrEqual(t, tasks, r.tasks, what)
			require.GreaterOrEqual(t, stride, int64(per)*int64(r.row), what)
			require.Equal(t, dense, stride == int64(per)*int64(r.row), what)
			require.True(t, tasks == 1 || stride%int64(page) == 0, what)
			require.False(t, dense && tasks > 1 && page > 4096, "the header of a .npy file is not as long: %s", what)
			if r.grain > 0 {
				require.True(t, 1 <= chunk && chunk <= min(r.grain, per), what)
			} else {
				few := 1 + (per-1)/64 // without regard to pages
				require.True(t, few <= chunk && chunk <= 2*few, what)
				unit := page
				for k := 1; k <= page; k *= 2 {
					if k*r.row%page == 0 {
						unit = k // so many rows are whole pages
						break
					}
				}
				require.True(t, chunk == per || unit > few || chunk%unit == 0, what)
			}
			if r.n >= r.tasks {
				require.LessOrEqual(t, float64(per), max(1.26*float64(r.n/r.tasks+1+r.grain), 2), what)
			}
		}
		restore()
	}
	defer batch.SetPage(4096)()
	per, _, _, dense := batch.Cut(1e9, 8, 1<<18, 500)
	assert.True(t, dense, "Python can look at large arrays while they are filled")
	assert.Equal(t, 8<<18, per)
}

func TestArraysOf(t *testing.T) {
	all := func(n int) (tasks []int) {
		for i := range n {
			tasks = append(tasks, i)
		}
		return tasks
	}
	for _, tt := range []struct {
		tasks []int
		most  int
		want  []batch.Array
	}{
		{nil, 10, nil},
		{all(1), 10, []batch.Array{{0, 0, 0, "0"}}},
		{all(10), 10, []batch.Array{{0, 0, 9, "0-9"}}},
		{all(25), 10, []batch.Array{{0, 0, 9, "0-9"}, {10, 10, 19, "0-9"}, {20, 20, 24, "0-4"}}},
		{[]int{3, 4, 5, 9}, 10, []batch.Array{{0, 3, 9, "3-5,9"}}},
		{[]int{3, 9, 17}, 10, []batch.Array{{3, 3, 9, "0,6"}, {17, 17, 17, "0"}}},
		{[]int{103, 104, 111}, 10, []batch.Array{{103, 103, 111, "0-1,8"}}},
	} {
		assert.Equal(t, tt.want, batch.ArraysOf(tt.tasks, tt.most), "%v below %d", tt.tasks, tt.most)
	}
}

func TestIndexFrom(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want int
		err  string
	}{
		{nil, 0, "no variable"},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "0"}, 0, ""},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "17"}, 17, ""},
		{map[string]string{"JOB_COMPLETION_INDEX": "17"}, 17, ""},
		{map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "17"}, 17, ""},
		{map[string]string{"PBS_ARRAY_INDEX": "17"}, 17, ""},
		{map[string]string{"PBS_ARRAYID": "17"}, 17, ""},
		{map[string]string{"LSB_JOBINDEX": "17"}, 16, ""},
		{map[string]string{"LSB_JOBINDEX": "0"}, 0, "no variable"},
		{map[string]string{"SGE_TASK_ID": "1"}, 0, ""},
		{map[string]string{"SGE_TASK_ID": "undefined"}, 0, "no variable"},
		{map[string]string{"SGE_TASK_ID": "undefined", "SLURM_ARRAY_TASK_ID": "3"}, 3, ""},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "-3"}, 0, "is \"-3\""},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "x"}, 0, "is \"x\""},
	} {
		i, err := batch.IndexFrom(func(name string) string { return tt.env[name] })
		assert.Equal(t, tt.want, i, "%v", tt.env)
		if tt.err == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, tt.err)
		}
	}
}

func TestQuote(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	argv := []string{"printf", "%s|", "a b", "it's", `"$HOME"`, "", "`x`", "\\n", "*", "-n"}
	out, err := exec.Command(sh, "-c", batch.Quote(argv)).Output()
	require.NoError(t, err)
	assert.Equal(t, strings.Join(argv[2:], "|")+"|", string(out))
}

func TestNumbersIn(t *testing.T) {
	for s, want := range map[string][]int{"0": {0}, "0-3": {0, 1, 2, 3}, "7,0-1,1": {0, 1, 7}, "9": {9}} {
		got, err := batch.NumbersIn(s, 10)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, s := range []string{"", "a", "1-", "-1", "3-2", "10", "0-10", "1,,2", "1-2-3"} {
		_, err := batch.NumbersIn(s, 10)
		assert.Error(t, err, "%q", s)
	}
}
