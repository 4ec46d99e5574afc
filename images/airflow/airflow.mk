##@ Airflow

AIRFLOW_VENV := build/venv-airflow

# The virtual environment follows the lock files: what is tested is what ships.
$(AIRFLOW_VENV)/.stamp: images/airflow/requirements.txt images/airflow/requirements-dev.txt
	rm -rf $(AIRFLOW_VENV)
	python3 -m venv $(AIRFLOW_VENV)
	$(AIRFLOW_VENV)/bin/pip install --quiet --no-deps --require-hashes -r images/airflow/requirements.txt
	$(AIRFLOW_VENV)/bin/pip install --quiet --no-deps --require-hashes -r images/airflow/requirements-dev.txt
	touch $@

.PHONY: lint-airflow
lint-airflow: $(AIRFLOW_VENV)/.stamp ## Lint the Python of the engine Airflow
	$(AIRFLOW_VENV)/bin/ruff check images/airflow/glue
	$(AIRFLOW_VENV)/bin/ruff format --check images/airflow/glue

.PHONY: test-airflow
test-airflow: $(AIRFLOW_VENV)/.stamp assets lint-airflow ## Test the loader of schedules with the real Airflow and a real API server
	cd images/airflow/glue && KUBEBUILDER_ASSETS=$${KUBEBUILDER_ASSETS:-$(CURDIR)/bin/assets} \
	  PYTHONPATH=.:../../hub/glue/tests $(CURDIR)/$(AIRFLOW_VENV)/bin/python -m pytest -q -p no:cacheprovider

.PHONY: lock-airflow
lock-airflow: build/uv/bin/uv ## Resolve Airflow's Python packages anew into their lock files
	cd images/airflow && for lock in requirements requirements-dev; do \
	  ../../build/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 --python-platform x86_64-manylinux_2_36 -o $$lock.txt $$lock.in || exit 1; \
	done
