.PHONY: help test race lint fuzz bench bench-check rivals report cross gallery page slurm storm

help:   ## list the targets
	@grep -E '^[a-z-]+:' Makefile | sed -e 's/: *## / /'

test:   ## run the tests
	go test ./...

race:   ## run the tests under the race detector
	go test -race ./...

lint:   ## gofmt, go vet, staticcheck
	bash .ci/run lint

fuzz:   ## five seconds for every fuzz target; FUZZTIME=1m for more
	bash .ci/run fuzz

bench:  ## run the benchmarks of all packages
	go test -run '^$$' -bench . -benchmem ./...

rivals: ## run the benchmarks beside other libraries: some ten minutes
	go -C bench/rivals test -run '^$$' -bench . -timeout 0 ./...

report: ## measure everything and write bench/RESULTS.md: an hour; ARGS="-rounds 1 -o /tmp" for a look
	go -C bench/rivals run ./report $(ARGS)

bench-check: ## is the checkout slower than BASE (HEAD~1)? an hour; ARGS="-bench Fine" for less
	go -C bench/rivals run ./check -base $(or $(BASE),HEAD~1) $(ARGS)

cross:  ## type-check the systems that no test runs on
	bash .ci/run cross

gallery: ## run the examples and make examples/gallery.html: two minutes; ARGS=heat for one, ARGS=-texts for none
	go run ./examples/internal/gallery $(ARGS)

page:   ## open examples/gallery.html in a browser without a window
	bash .ci/run page

slurm:  ## job arrays on a virtual Slurm cluster, which needs root to be installed
	bash .ci/run slurm

storm:  ## repeat the tests of parmap and shmarray on a busy machine; STORM=20 for more
	bash .ci/run storm
