package check

// reachable is the check without which no other makes sense.
const reachable = "answers"

// All is every check there is, in the order they are made. A new one is one entry.
var All = []Check{
	{
		Category: "kubernetes", Name: reachable, Severity: Fatal, Run: answers,
		Hint: "see that the context and kubeconfig are right and the API server is up: kubectl version",
	},
	{
		Category: "kubernetes", Name: "version", Severity: Fatal, Run: kubernetesVersion,
		Hint: "upgrade the cluster's control plane",
	},
	{
		Category: "kubernetes", Name: "clock", Severity: Warning, Run: clock,
		Hint: "set the clocks by NTP: tokens and certificates are refused when they differ",
	},
	{
		Category: "kubernetes", Name: "aggregated APIs", Severity: Warning, Run: apiServices,
		Hint: "repair or delete them: namespaces cannot be removed while one is down",
	},
	{
		Category: "kubernetes", Name: "admission webhooks", Severity: Warning, Run: webhooks,
		Hint: "repair or delete them: they refuse whatever they are asked about",
	},
	{
		Category: "rights", Name: "of the installer", Severity: Fatal, Run: rights,
		Hint: "use a context with cluster-admin rights, or ask for the rights named here",
	},
	{
		Category: "nodes", Name: "ready", Severity: Fatal, Run: readyNodes,
		Hint: "add a node, or see why none is ready: kubectl get nodes",
	},
	{
		Category: "nodes", Name: "placement", Severity: Fatal, Platform: true, Run: placement,
		Hint: "label and taint nodes with atoll.dev/subcluster=<subcluster>, or set placement to Relaxed in platform.yaml",
	},
	{
		Category: "nodes", Name: "availability", Severity: Warning, Platform: true, Run: availability,
		Hint: "add nodes, or set availability to Single in platform.yaml",
	},
	{
		Category: "nodes", Name: "capacity", Severity: Warning, Platform: true, Run: capacity,
		Hint: "add nodes, unless an autoscaler does, or lower resources.requests in platform.yaml",
	},
	{
		Category: "storage", Name: "class", Severity: Fatal, Run: storageClass,
		Hint: "mark a StorageClass as the default, or name one in storageClassName of platform.yaml",
	},
	{
		Category: "network", Name: "policies are enforced", Severity: Warning, Run: networkPolicies,
		Hint: "see that the cluster's network plugin enforces NetworkPolicy: workspaces are kept apart by it",
	},
}
