##@ Operator

# What runs in the notebook image is tested with what is in it.
.PHONY: test-runner
test-runner: $(NOTEBOOK_VENV)/.stamp ## Run real notebooks with the real papermill, as a run does
	$(NOTEBOOK_VENV)/bin/python operator/runner/tests/test_runner.py
