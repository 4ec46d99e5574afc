# The proof that all evaluators of grants agree. The simulator is a process of its own, from npm, and no part of what is released.

.PHONY: test-grants
test-grants: test/grants/simulator/node_modules ## Try random grants with every evaluator; GRANT_SETS says how many sets
	cd test/grants && go test -count=1 -timeout 60m ./...

test/grants/simulator/node_modules: test/grants/simulator/package.json test/grants/simulator/package-lock.json | tools-node
	cd test/grants/simulator && npm ci --ignore-scripts --no-audit --no-fund
	touch $@
