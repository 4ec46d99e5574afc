"""What makes Apache Airflow an engine of Atoll's schedules.

Airflow decides in which order the tasks of a run go, and when one is tried again. When there is a run, what it keeps to
and what becomes of its notebooks is the operator's to say, as on every engine: a task here asks for an attempt in the
Run, and waits for what the Run says of it.
"""
