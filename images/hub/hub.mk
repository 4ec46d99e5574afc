##@ Hub

HUB_VENV := build/venv-hub

# The virtual environment follows the lock files: what is tested is what ships.
$(HUB_VENV)/.stamp: images/hub/requirements.txt images/hub/requirements-dev.txt
	rm -rf $(HUB_VENV)
	python3 -m venv $(HUB_VENV)
	$(HUB_VENV)/bin/pip install --quiet --no-deps --require-hashes -r images/hub/requirements.txt
	$(HUB_VENV)/bin/pip install --quiet --no-deps --require-hashes -r images/hub/requirements-dev.txt
	touch $@

# What a notebook server runs, so that the hub is tested with real servers; the test tools come on top.
NOTEBOOK_VENV := build/venv-notebook

$(NOTEBOOK_VENV)/.stamp: images/notebook/requirements.txt images/hub/requirements-dev.txt
	rm -rf $(NOTEBOOK_VENV)
	python3 -m venv $(NOTEBOOK_VENV)
	$(NOTEBOOK_VENV)/bin/pip install --quiet --no-deps --require-hashes -r images/notebook/requirements.txt
	$(NOTEBOOK_VENV)/bin/pip install --quiet --no-deps --require-hashes -r images/hub/requirements-dev.txt
	touch $@

.PHONY: lint-hub
lint-hub: $(HUB_VENV)/.stamp ## Lint the Python of the hub and of notebook servers
	$(HUB_VENV)/bin/ruff check images/hub/glue images/hub/jupyterhub_config.py images/notebook/activity images/notebook/queries
	$(HUB_VENV)/bin/ruff format --check images/hub/glue images/hub/jupyterhub_config.py images/notebook/activity images/notebook/queries

.PHONY: test-queries
test-queries: $(NOTEBOOK_VENV)/.stamp lint-hub ## Test how notebooks connect to Trino
	cd images/notebook/queries && PYTHONPATH=. ../../../$(NOTEBOOK_VENV)/bin/python -m pytest -q -p no:cacheprovider

.PHONY: test-activity
test-activity: $(NOTEBOOK_VENV)/.stamp lint-hub ## Test what tells the hub what goes on in a notebook server
	cd images/notebook/activity && PYTHONPATH=. ../../../$(NOTEBOOK_VENV)/bin/python -m pytest -q -p no:cacheprovider

.PHONY: test-hub
test-hub: $(HUB_VENV)/.stamp $(NOTEBOOK_VENV)/.stamp assets lint-hub test-activity test-queries test-proxy ## Test the hub's glue against the real JupyterHub and a real API server
	@test "$$(sed -n 's/^jupyterhub==\([^ ]*\).*/\1/p' images/hub/requirements.txt)" = "$$(cat images/JUPYTERHUB_VERSION)" || \
	  { echo "images/hub/requirements.txt and images/JUPYTERHUB_VERSION name different versions of JupyterHub" >&2; exit 1; }
	cd images/hub/glue && KUBEBUILDER_ASSETS=$${KUBEBUILDER_ASSETS:-$(CURDIR)/bin/assets} \
	  PYTHONPATH=. ../../../$(HUB_VENV)/bin/python -m pytest -q -p no:cacheprovider

.PHONY: lock-hub
lock-hub: build/uv/bin/uv ## Resolve the hub's Python packages anew into their lock files
	cd images/hub && for lock in requirements requirements-dev; do \
	  ../../build/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 --python-platform x86_64-manylinux_2_36 -o $$lock.txt $$lock.in || exit 1; \
	done
