package v1alpha1

// Condition types that every kind carries.
const (
	// ConditionReady is True once the latest generation is in force. It counts
	// only where observedGeneration has reached metadata.generation.
	ConditionReady = "Ready"
	// ConditionStalled is True when no retry can help and a person has to change
	// the object; it is absent otherwise.
	ConditionStalled = "Stalled"
	// ConditionAdmitted is True on a grant that breaks no rule and has its approvals: targets enforce it, each by the window
	// in it.
	ConditionAdmitted = "Admitted"
	// ConditionReviewOpen is True on a grant by BreakGlass until somebody has reviewed it.
	ConditionReviewOpen = "ReviewOpen"
)

// Reasons of the conditions. They are stable: programs may depend on them.
const (
	// ReasonReady says that everything the object asks for is in place.
	ReasonReady = "Ready"
	// ReasonProgressing says that the operator is still at work.
	ReasonProgressing = "Progressing"
	// ReasonInvalid says that the object contradicts itself or the cluster.
	ReasonInvalid = "Invalid"
	// ReasonNamespaceConflict says that the namespace exists and is not the operator's.
	ReasonNamespaceConflict = "NamespaceConflict"
	// ReasonProfileNotFound says that an allowed profile does not exist (yet).
	ReasonProfileNotFound = "ProfileNotFound"
	// ReasonQuotaBelowUse says that the quota is smaller than what is in use.
	ReasonQuotaBelowUse = "QuotaBelowUse"
	// ReasonQuotaExceeded says that a home does not fit into the storage quota.
	ReasonQuotaExceeded = "QuotaExceeded"
	// ReasonHomeNotExpandable says that the storage class of a home does not let it grow.
	ReasonHomeNotExpandable = "HomeNotExpandable"
	// ReasonBackupFailed says that a home could not be backed up before its workspace is removed.
	ReasonBackupFailed = "BackupFailed"
	// ReasonAwaitingApproval says that a grant lacks approvals.
	ReasonAwaitingApproval = "AwaitingApproval"
	// ReasonScheduled says that a grant waits for the beginning of its window.
	ReasonScheduled = "Scheduled"
	// ReasonActive says that a grant is in force.
	ReasonActive = "Active"
	// ReasonExpired says that the window of a grant has passed.
	ReasonExpired = "Expired"
	// ReasonRevoked says that somebody ended a grant.
	ReasonRevoked = "Revoked"
	// ReasonRuleBroken says that a grant breaks a rule of class, ceiling, duration or selection.
	ReasonRuleBroken = "RuleBroken"
	// ReasonConflict says that a grant would bring data together that must not come together.
	ReasonConflict = "Conflict"
	// ReasonNoTarget says that nothing enforces grants where the data is.
	ReasonNoTarget = "NoTarget"
	// ReasonLimitExceeded says that a target has no room for a grant.
	ReasonLimitExceeded = "LimitExceeded"
	// ReasonTargetFailed says that a target could not be given a grant, or be rid of it, yet.
	ReasonTargetFailed = "TargetFailed"
	// ReasonLedgerFailed says that a grant gives nothing yet, since the ledger could not be told of it.
	ReasonLedgerFailed = "LedgerFailed"
	// ReasonSourceNotFound says that a dataset derives from one that does not exist.
	ReasonSourceNotFound = "SourceNotFound"
	// ReasonDeleting says that the object is being removed.
	ReasonDeleting = "Deleting"
	// ReasonFailed says that a call to the API failed and is being retried.
	ReasonFailed = "Failed"
)

// Names of labels and annotations that the rooms of the platform share.
const (
	// LabelWorkspace names the workspace an object belongs to.
	LabelWorkspace = "atoll.dev/workspace"
	// LabelSubcluster names the subcluster of a namespace, node or pod.
	LabelSubcluster = "atoll.dev/subcluster"
	// LabelComponent names the component a pod belongs to.
	LabelComponent = "atoll.dev/component"
	// LabelHome marks a volume claim that holds a person's home.
	LabelHome = "atoll.dev/home"
	// LabelPerson holds a person's slug on pods.
	LabelPerson = "atoll.dev/person"
	// LabelProfile names the profile a pod was started from.
	LabelProfile = "atoll.dev/profile"
	// LabelBackup marks the jobs that save or restore a home, and what belongs to them.
	LabelBackup = "atoll.dev/backup"
	// AnnotationBackupRequested holds the time, RFC 3339 in UTC, for which someone asks for a backup of a home.
	AnnotationBackupRequested = "atoll.dev/backup-requested"
	// AnnotationBackedUp holds the time, RFC 3339 in UTC, for which a home was last backed up.
	AnnotationBackedUp = "atoll.dev/backed-up"
	// AnnotationBackupFailed holds why the last backup of a home failed; it is absent when that succeeded.
	AnnotationBackupFailed = "atoll.dev/backup-failed"
	// AnnotationSize names the size of its profile that a server was started with.
	AnnotationSize = "atoll.dev/size"
	// AnnotationProfileGeneration is the generation of the profile that a server was started from.
	AnnotationProfileGeneration = "atoll.dev/profile-generation"
	// AnnotationEnvironment stands for the image, packages and variables that a server was started with.
	AnnotationEnvironment = "atoll.dev/environment"
	// AnnotationLastActivity holds the time, RFC 3339 in UTC, at which a server was last seen in use.
	AnnotationLastActivity = "atoll.dev/last-activity"
	// AnnotationHeldSince and AnnotationHeldUntil hold the times, RFC 3339 in UTC, between which a person holds a server.
	AnnotationHeldSince = "atoll.dev/held-since"
	AnnotationHeldUntil = "atoll.dev/held-until"
	// AnnotationCulling holds what becomes of a server, as JSON: verdict, reason, stopsAt, warnedAt and decidedAt.
	AnnotationCulling = "atoll.dev/culling"
	// AnnotationDataConfig and AnnotationDataProgram hold the files by which a server or a run finds data, and are projected into it.
	AnnotationDataConfig  = "atoll.dev/data-config"
	AnnotationDataProgram = "atoll.dev/data-credentials"
	// AnnotationTrinoAuthority holds the certificate that signed Trino's, and is projected into servers and runs.
	AnnotationTrinoAuthority = "atoll.dev/trino-authority"
	// AnnotationHomeUsage holds how full a server's home is, as JSON: used and size in bytes, enforced, complete.
	AnnotationHomeUsage = "atoll.dev/home-usage"
	// AnnotationPerson holds a person's user name, verbatim.
	AnnotationPerson = "atoll.dev/person"

	// WorkspaceNamespacePrefix and a workspace's name make its namespace.
	WorkspaceNamespacePrefix = "ws-"
	// SubclusterNamespacePrefix and a subcluster's name make its namespace.
	SubclusterNamespacePrefix = "atoll-"
)
