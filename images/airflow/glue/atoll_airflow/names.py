"""How schedules and DAGs name each other."""

WORKSPACE_PREFIX = "ws-"


def dag_id(workspace: str, schedule: str) -> str:
    """The DAG of a schedule. Neither name has a full stop."""
    return f"{workspace}.{schedule}"


def parse_dag_id(dag_id: str) -> tuple[str, str]:
    workspace, _, schedule = dag_id.partition(".")
    return workspace, schedule


def generation_tag(generation: int) -> str:
    """The tag by which the operator knows which state of a schedule Airflow has."""
    return f"generation:{generation}"
