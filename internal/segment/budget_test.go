package segment_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

func TestBudgetLeavesSomeAlone(t *testing.T) {
	b := segment.NewBudget(func() int64 { return 650_000_000 })
	assert.Equal(t, int64(640_000_000), b.Room(), "a 65th")
	require.NoError(t, b.Admit(640_000_000))
	b.Settle(640_000_000)
	assert.EqualError(t, b.Admit(640_000_001), "reserve 640000001 bytes: 640000000 available")
	assert.ErrorIs(t, b.Admit(640_000_001), segment.ErrNoSpace)

	assert.Equal(t, int64(56<<20), segment.NewBudget(func() int64 { return 64 << 20 }).Room(), "8 MiB")
	assert.Zero(t, segment.NewBudget(func() int64 { return 1 << 20 }).Room())
}

func TestBudgetCountsWhatIsUnderWay(t *testing.T) {
	b := segment.NewBudget(func() int64 { return 650_000_000 })
	require.NoError(t, b.Admit(400_000_000))
	assert.EqualError(t, b.Admit(300_000_000), "reserve 300000000 bytes: 240000000 available")
	b.Settle(400_000_000)
	assert.NoError(t, b.Admit(300_000_000))
}

func TestBudgetWithoutKnowledgeAdmits(t *testing.T) {
	b := segment.NewBudget(func() int64 { return segment.Unknown })
	assert.NoError(t, b.Admit(1<<31-1))
	assert.Equal(t, segment.Unknown, b.Room())
}

func TestBudgetMeasuresSmallSegmentsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		measures := 0
		b := segment.NewBudget(func() int64 { measures++; return 1 << 30 })
		admit := func(nbytes int) {
			t.Helper()
			require.NoError(t, b.Admit(nbytes))
			b.Settle(nbytes)
		}
		for range 800 {
			admit(1000)
		}
		assert.Equal(t, 1, measures, "small ones share a measure")
		time.Sleep(100 * time.Millisecond)
		admit(1000)
		assert.Equal(t, 2, measures, "for a tenth of a second")
		admit(16 << 20)
		assert.Equal(t, 3, measures, "a large one is measured")
		for range 1500 {
			admit(1)
		}
		assert.Equal(t, 4, measures, "and so is the sum of small ones, each at least two pages")
	})
}
