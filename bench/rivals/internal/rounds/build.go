package rounds

import (
	"context"
	"fmt"
	"os/exec"
)

// Build compiles the tests of a package, as seen from dir, to path, and
// returns how to start its benchmarks; what is still missing is -test.bench.
func Build(ctx context.Context, dir, pkg, path string) (argv []string, err error) {
	out, err := exec.CommandContext(ctx, "go", "-C", dir, "test", "-c", "-o", path, pkg).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("building %s in %s: %w\n%s", pkg, dir, err, out)
	}
	return []string{path, "-test.run=^$", "-test.timeout=0"}, nil
}
