"""Takes up servers that were starting when the hub ended: the next hub does not know their address."""

from jupyterhub.utils import AnyTimeoutError, exponential_backoff


class ResumingMixin:
    """For a KubeSpawner: the address of a server that this hub did not start."""

    async def get_url(self) -> str:
        """Where the server answers, once its pod runs.

        A pod that has ended, or that does not run within the time a start may take, leaves the address that the
        database has. Nothing answers there, so the hub stops the server.
        """
        try:
            await exponential_backoff(self._runs_or_has_ended, "", timeout=self.start_timeout, max_wait=2)
        except AnyTimeoutError:
            return self.server.url
        return self._get_pod_url(self._pod) if self.is_pod_running(self._pod) else self.server.url

    async def _runs_or_has_ended(self) -> bool:
        return self.is_pod_running(self._pod) or await self.poll() is not None

    @property
    def _pod(self):
        return self.pod_reflector.pods.get(f"{self.namespace}/{self.pod_name}")
