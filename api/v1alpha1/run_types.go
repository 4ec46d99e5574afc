package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Trigger says why there is a run.
// +kubebuilder:validation:Enum=Schedule;CatchUp;Manual
type Trigger string

// The triggers.
const (
	// TriggerSchedule is a run whose time has come.
	TriggerSchedule Trigger = "Schedule"
	// TriggerCatchUp is a run whose time had passed when it could be started.
	TriggerCatchUp Trigger = "CatchUp"
	// TriggerManual is a run that a person asked for.
	TriggerManual Trigger = "Manual"
)

// RunPhase is how far a run is, or how it ended.
// +kubebuilder:validation:Enum=Pending;Running;Succeeded;Failed;Missed;Skipped;Cancelled
type RunPhase string

// The phases of a run.
const (
	RunPending   RunPhase = "Pending"
	RunRunning   RunPhase = "Running"
	RunSucceeded RunPhase = "Succeeded"
	RunFailed    RunPhase = "Failed"
	// RunMissed never started, since its time had passed before it could be.
	RunMissed RunPhase = "Missed"
	// RunSkipped never started, since another run was at work.
	RunSkipped RunPhase = "Skipped"
	// RunCancelled was ended, or kept from starting, for a reason outside of it.
	RunCancelled RunPhase = "Cancelled"
)

// Finished tells whether a run in this phase stays as it is.
func (p RunPhase) Finished() bool {
	switch p {
	case RunSucceeded, RunFailed, RunMissed, RunSkipped, RunCancelled:
		return true
	}
	return false
}

// TaskPhase is how far a task is, or how it ended.
// +kubebuilder:validation:Enum=Waiting;Starting;Running;Retrying;Succeeded;Failed;Skipped;Cancelled
type TaskPhase string

// The phases of a task.
const (
	// TaskWaiting waits for the tasks it depends on.
	TaskWaiting TaskPhase = "Waiting"
	// TaskStarting waits for its pod to run.
	TaskStarting TaskPhase = "Starting"
	TaskRunning  TaskPhase = "Running"
	// TaskRetrying waits until it is tried again.
	TaskRetrying  TaskPhase = "Retrying"
	TaskSucceeded TaskPhase = "Succeeded"
	TaskFailed    TaskPhase = "Failed"
	// TaskSkipped never started, since a task it depends on did not succeed.
	TaskSkipped   TaskPhase = "Skipped"
	TaskCancelled TaskPhase = "Cancelled"
)

// Finished tells whether a task in this phase stays as it is.
func (p TaskPhase) Finished() bool {
	switch p {
	case TaskSucceeded, TaskFailed, TaskSkipped, TaskCancelled:
		return true
	}
	return false
}

// Reasons of runs and tasks. They are stable: programs may depend on them.
const (
	// ReasonMissed says that the time had passed before the run could be started.
	ReasonMissed = "Missed"
	// ReasonOverlap says that another run was at work.
	ReasonOverlap = "Overlap"
	// ReasonReplaced says that a newer run took the place of this one.
	ReasonReplaced = "Replaced"
	// ReasonWaiting says that the run waits for an earlier one.
	ReasonWaiting = "Waiting"
	// ReasonScheduleGone says that the schedule was deleted.
	ReasonScheduleGone = "ScheduleGone"
	// ReasonScheduleInvalid says that the schedule cannot be carried out.
	ReasonScheduleInvalid = "ScheduleInvalid"
	// ReasonWorkspaceNotFound says that the namespace is not that of a workspace.
	ReasonWorkspaceNotFound = "WorkspaceNotFound"
	// ReasonProfileNotAllowed says that the workspace does not allow the profile.
	ReasonProfileNotAllowed = "ProfileNotAllowed"
	// ReasonSizeNotFound says that the profile has no such size.
	ReasonSizeNotFound = "SizeNotFound"
	// ReasonOwnerNotMember says that the workspace does not list the owner as one who may run notebooks.
	ReasonOwnerNotMember = "OwnerNotMember"
	// ReasonNoObjectStore says that the operator has no object store to keep notebooks in.
	ReasonNoObjectStore = "NoObjectStore"
	// ReasonRefused says that the API server refused the pod for another reason than the quota.
	ReasonRefused = "Refused"
	// ReasonUnschedulable says that no node took the pod.
	ReasonUnschedulable = "Unschedulable"
	// ReasonImageNotPulled says that the profile's image could not be had.
	ReasonImageNotPulled = "ImageNotPulled"
	// ReasonNotebookNotFetched says that the notebook could not be had from where it is kept.
	ReasonNotebookNotFetched = "NotebookNotFetched"
	// ReasonNotebookFailed says that a cell raised an error.
	ReasonNotebookFailed = "NotebookFailed"
	// ReasonTimedOut says that the task took longer than its timeout.
	ReasonTimedOut = "TimedOut"
	// ReasonOutOfMemory says that the task used more memory than its size has.
	ReasonOutOfMemory = "OutOfMemory"
	// ReasonDisrupted says that the cluster took the pod away: preempted, evicted, or its node lost.
	ReasonDisrupted = "Disrupted"
	// ReasonDependencyFailed says that a task it depends on did not succeed.
	ReasonDependencyFailed = "DependencyFailed"
	// ReasonEngineNotAvailable says that the platform does not have the engine.
	ReasonEngineNotAvailable = "EngineNotAvailable"
	// ReasonEngineNotReady says that the engine does not answer, or has not released the task yet.
	ReasonEngineNotReady = "EngineNotReady"
	// ReasonEngineFailed says that the engine ended the run without the task.
	ReasonEngineFailed = "EngineFailed"
	// ReasonSucceeded says that everything ran to its end.
	ReasonSucceeded = "Succeeded"
	// ReasonSuspended says that the schedule starts no runs because it is told so.
	ReasonSuspended = "Suspended"
	// ReasonEnded says that the schedule's end has passed.
	ReasonEnded = "Ended"
)

// Labels of what belongs to a run.
const (
	// LabelSchedule names the schedule of a run or pod.
	LabelSchedule = "atoll.dev/schedule"
	// LabelRun names the run of a pod.
	LabelRun = "atoll.dev/run"
	// LabelTask names the task of a pod.
	LabelTask = "atoll.dev/task"
	// LabelAttempt numbers the attempt of a pod.
	LabelAttempt = "atoll.dev/attempt"
)

// RunSpec names what is run and when it was due. Nothing of it changes but the tries that an engine asks for.
//
// +kubebuilder:validation:XValidation:rule="self.schedule == oldSelf.schedule && self.trigger == oldSelf.trigger && (has(self.interval) ? has(oldSelf.interval) && self.interval == oldSelf.interval : !has(oldSelf.interval)) && (has(self.missed) ? has(oldSelf.missed) && self.missed == oldSelf.missed : !has(oldSelf.missed))",message="the spec of a run cannot be changed: make another run"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.tries) || (has(self.tries) && oldSelf.tries.all(t, t in self.tries && self.tries[t] >= oldSelf.tries[t]))",fieldPath=".tries",message="tries that have been asked for cannot be taken back"
type RunSpec struct {
	// schedule whose tasks are run, in the same namespace.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Schedule string `json:"schedule"`

	// trigger says why there is the run; leave it Manual.
	// +kubebuilder:default=Manual
	// +optional
	Trigger Trigger `json:"trigger,omitempty"`

	// interval is when the run was due, and what its parameters mean by the run's date. Without one it is the time at
	// which the run was made.
	// +optional
	Interval *metav1.Time `json:"interval,omitempty"`

	// missed marks a run that never starts: its time had passed before it could. This says that it alone was missed,
	// Earlier that times before it were too.
	// +optional
	Missed Missed `json:"missed,omitempty"`

	// tries are how often the engine Airflow asks that each task be tried, so far; for the engine Kubernetes they mean
	// nothing.
	// +kubebuilder:validation:MaxProperties=50
	// +optional
	Tries map[string]Tries `json:"tries,omitempty"`
}

// Tries is how often a task may be tried.
// +kubebuilder:validation:Minimum=1
// +kubebuilder:validation:Maximum=11
type Tries int32

// Missed marks a run that never starts.
// +kubebuilder:validation:Enum=This;Earlier
type Missed string

// The marks.
const (
	// MissedThis says that the time of the run was missed.
	MissedThis Missed = "This"
	// MissedEarlier says that times before it were missed too, for which there are no runs.
	MissedEarlier Missed = "Earlier"
)

// RunStatus is how a run went.
type RunStatus struct {
	// phase is how far it is, or how it ended.
	// +kubebuilder:default=Pending
	// +optional
	Phase RunPhase `json:"phase,omitempty"`
	// reason of the phase, for programs.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Reason string `json:"reason,omitempty"`
	// message for people.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Message string `json:"message,omitempty"`
	// owner in whose name it ran.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Owner string `json:"owner,omitempty"`
	// profile and image that every task of the run uses, as they were at its start.
	// +kubebuilder:validation:MaxLength=40
	// +optional
	Profile string `json:"profile,omitempty"`
	// image of the profile at the run's start.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Image string `json:"image,omitempty"`
	// startTime is when it was started.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// completionTime is when it ended, or when it was decided that it never starts.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// plan is the schedule's spec at the run's start, which the run keeps to.
	// +optional
	Plan *RunPlan `json:"plan,omitempty"`
	// tasks, in the order of the schedule.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	// +optional
	Tasks []TaskStatus `json:"tasks,omitempty"`
	// notices are the notifications of a run that failed.
	// +listType=map
	// +listMapKey=to
	// +kubebuilder:validation:MaxItems=20
	// +optional
	Notices []Notice `json:"notices,omitempty"`
}

// RunPlan is what a run keeps to, however the schedule changes meanwhile.
type RunPlan struct {
	// engine that releases and retries the tasks.
	// +optional
	Engine Engine `json:"engine,omitempty"`
	// generation of the schedule that the plan is of.
	// +optional
	Generation int64 `json:"generation,omitempty"`
	// size of the profile.
	// +kubebuilder:validation:MaxLength=40
	// +optional
	Size string `json:"size,omitempty"`
	// date values that parameters may use.
	// +optional
	Interval metav1.Time `json:"interval,omitempty"`
	// previous is when the run before was due.
	// +optional
	Previous *metav1.Time `json:"previous,omitempty"`
	// next is when the run after is due.
	// +optional
	Next *metav1.Time `json:"next,omitempty"`
	// timeZone of the dates.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	TimeZone string `json:"timeZone,omitempty"`
	// outputPrefix is where the executed notebooks are kept in the bucket.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	OutputPrefix string `json:"outputPrefix,omitempty"`
	// startDeadline of each task.
	// +optional
	StartDeadline metav1.Duration `json:"startDeadline,omitempty"`
	// tasks as the schedule had them.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	// +optional
	Tasks []Task `json:"tasks,omitempty"`
	// notify as the schedule had it.
	// +optional
	Notify Notify `json:"notify,omitempty"`
}

// TaskStatus is how a task went.
type TaskStatus struct {
	// name of the task.
	// +kubebuilder:validation:MaxLength=40
	// +required
	Name string `json:"name"`
	// phase is how far it is, or how it ended.
	// +optional
	Phase TaskPhase `json:"phase,omitempty"`
	// reason of the phase, for programs.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Reason string `json:"reason,omitempty"`
	// message for people; of a notebook that failed, the error and the last lines of its traceback.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Message string `json:"message,omitempty"`
	// attempt is the number of the last one, from 1.
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
	// failures are the attempts that count against the retries. Being disrupted does not.
	// +optional
	Failures int32 `json:"failures,omitempty"`
	// retryAt is when it is tried again.
	// +optional
	RetryAt *metav1.Time `json:"retryAt,omitempty"`
	// attemptTime is when the last attempt was decided.
	// +optional
	AttemptTime *metav1.Time `json:"attemptTime,omitempty"`
	// startTime is when the notebook of the last attempt began to run.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// completionTime is when the last attempt ended.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// output links the executed notebook of the last attempt.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Output string `json:"output,omitempty"`
}

// Notice is a notification and what became of it.
type Notice struct {
	// to is the channel: webhook:<key> or mail:<address>.
	// +kubebuilder:validation:MaxLength=320
	// +required
	To string `json:"to"`
	// sent tells whether it was accepted.
	// +optional
	Sent bool `json:"sent"`
	// attempts made so far.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// nextAttempt is when it is tried again.
	// +optional
	NextAttempt *metav1.Time `json:"nextAttempt,omitempty"`
	// message says why it was not accepted.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Message string `json:"message,omitempty"`
}

// Run is one execution of a schedule: for a time at which it was due, or because somebody asked for it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories=atoll
// +kubebuilder:printcolumn:name="Schedule",type=string,JSONPath=`.spec.schedule`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.reason`
// +kubebuilder:printcolumn:name="Trigger",type=string,JSONPath=`.spec.trigger`
// +kubebuilder:printcolumn:name="Due",type=string,JSONPath=`.spec.interval`
// +kubebuilder:printcolumn:name="Started",type=date,JSONPath=`.status.startTime`
// +kubebuilder:printcolumn:name="Ended",type=date,JSONPath=`.status.completionTime`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",message="metadata.name: the name of a run is 1 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
type Run struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec RunSpec `json:"spec"`
	// +optional
	Status RunStatus `json:"status,omitempty"`
}

// RunList is a list of runs.
//
// +kubebuilder:object:root=true
type RunList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Run `json:"items"`
}
