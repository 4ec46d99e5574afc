"""What makes JupyterHub the hub of Atoll.

Workspaces and profiles come live from the platform's custom resources; a person sees those they belong to, and starts
at most one server in each.
"""
