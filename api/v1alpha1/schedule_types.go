package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Engine is what carries a schedule out.
// +kubebuilder:validation:Enum=Kubernetes;Airflow
type Engine string

// The engines. On each the operator decides when there is a run, and makes the pods of its notebooks.
const (
	// EngineKubernetes has the operator release and retry the tasks of a run too.
	EngineKubernetes Engine = "Kubernetes"
	// EngineAirflow leaves that to Apache Airflow, the component airflow of the platform.
	EngineAirflow Engine = "Airflow"
)

// Overlap says what happens when a run is due while one of the same schedule is at work.
// +kubebuilder:validation:Enum=Forbid;Allow;Replace
type Overlap string

// The overlap policies.
const (
	// OverlapForbid leaves the new run out and says so in its reason.
	OverlapForbid Overlap = "Forbid"
	// OverlapAllow lets both work.
	OverlapAllow Overlap = "Allow"
	// OverlapReplace cancels the old run for the new one.
	OverlapReplace Overlap = "Replace"
)

// CatchUpPolicy says which of the runs that could not start in time are started late.
// +kubebuilder:validation:Enum=None;Latest;All
type CatchUpPolicy string

// The catch-up policies.
const (
	// CatchUpNone starts none of them.
	CatchUpNone CatchUpPolicy = "None"
	// CatchUpLatest starts the newest.
	CatchUpLatest CatchUpPolicy = "Latest"
	// CatchUpAll starts them oldest first, up to the limit; with spec.start in the past those since then too.
	CatchUpAll CatchUpPolicy = "All"
)

// ScheduleSpec is one or more notebooks that run by themselves.
//
// +kubebuilder:validation:XValidation:rule="!has(self.end) || !has(self.start) || self.end > self.start",fieldPath=".end",message="end must be after start"
// +kubebuilder:validation:XValidation:rule="self.tasks.all(t, !has(t.dependsOn) || t.dependsOn.all(d, self.tasks.exists(o, o.name == d)))",fieldPath=".tasks",message="dependsOn must name tasks of this schedule"
// +kubebuilder:validation:XValidation:rule="self.tasks.all(t, !has(t.dependsOn) || !t.dependsOn.exists(d, d == t.name))",fieldPath=".tasks",message="dependsOn must not name the task itself"
type ScheduleSpec struct {
	// owner is the user name of the person in whose name the notebooks run: with the person's home, and with what the
	// person may read. The workspace lists the person by name, as its owner or as an Owner or Member.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!self.matches('\\\\s')",message="owner must not contain white space"
	// +required
	Owner string `json:"owner"`

	// description is a sentence or two for people.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Description string `json:"description,omitempty"`

	// profile is the environment the notebooks run in, one that the workspace allows.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Profile string `json:"profile"`

	// size is one of the profile's; its default when empty.
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$`
	// +optional
	Size string `json:"size,omitempty"`

	// cron says when runs are due: minute, hour, day of the month, month and day of the week, or a word such as @daily.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=120
	// +kubebuilder:validation:XValidation:rule="self.matches('^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|[0-9A-Za-z*,/?-]+( +[0-9A-Za-z*,/?-]+){4})$')",message="cron must be five fields (minute, hour, day of month, month, day of week) such as \"30 6 * * 1-5\", or one of @hourly, @daily, @weekly, @monthly, @yearly; there are no seconds, and the zone is timeZone"
	// +required
	Cron string `json:"cron"`

	// timeZone is the IANA name of the zone that cron is read in.
	// +kubebuilder:default=UTC
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9_+/-]*$') && self != 'Local' && timestamp('2026-01-01T00:00:00Z').getFullYear(self) > 0",message="timeZone must be the IANA name of a zone, such as Europe/Amsterdam or UTC"
	// +optional
	TimeZone string `json:"timeZone,omitempty"`

	// start is the time before which nothing is due.
	// +optional
	Start *metav1.Time `json:"start,omitempty"`

	// end is the time from which on nothing is due.
	// +optional
	End *metav1.Time `json:"end,omitempty"`

	// tasks are the notebooks of a run.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +required
	Tasks []Task `json:"tasks"`

	// catchUp says what becomes of runs that could not start in time.
	// +kubebuilder:default={}
	// +optional
	CatchUp CatchUp `json:"catchUp,omitempty"`

	// overlap says what happens when a run is due while another is at work.
	// +kubebuilder:default=Forbid
	// +optional
	Overlap Overlap `json:"overlap,omitempty"`

	// startDeadline is how long a task may wait for quota, a node or its image before it fails, from 1m to 24h.
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('24h')",message="startDeadline must be from 1m to 24h"
	// +optional
	StartDeadline metav1.Duration `json:"startDeadline,omitempty"`

	// output says where executed notebooks are kept.
	// +kubebuilder:default={}
	// +optional
	Output Output `json:"output,omitempty"`

	// notify says who hears of a run that failed.
	// +kubebuilder:default={}
	// +optional
	Notify Notify `json:"notify,omitempty"`

	// historyLimit is how many finished runs are kept.
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	// +optional
	HistoryLimit int32 `json:"historyLimit,omitempty"`

	// suspend starts no more runs; those at work finish.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// engine that releases and retries the tasks of runs: Kubernetes, or Airflow where the platform has it. A run keeps to
	// the engine it began with.
	// +kubebuilder:default=Kubernetes
	// +optional
	Engine Engine `json:"engine,omitempty"`
}

// Task is a notebook of a schedule.
type Task struct {
	// name of the task, unique in the schedule.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`

	// notebook to run.
	// +required
	Notebook Notebook `json:"notebook"`

	// parameters are given to the notebook. They are readable by everyone in the workspace: no secrets.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	// +optional
	Parameters []Parameter `json:"parameters,omitempty"`

	// dependsOn are tasks that must have succeeded before.
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	// +optional
	DependsOn []string `json:"dependsOn,omitempty"`

	// retries of a task that failed.
	// +kubebuilder:default={}
	// +optional
	Retries Retries `json:"retries,omitempty"`

	// timeout of one attempt, from 1m to 168h.
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('168h')",message="timeout must be from 1m to 168h"
	// +optional
	Timeout metav1.Duration `json:"timeout,omitempty"`

	// size of the profile for this task; the schedule's when empty.
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$`
	// +optional
	Size string `json:"size,omitempty"`
}

// Notebook is where a notebook comes from.
//
// +kubebuilder:validation:XValidation:rule="[has(self.home), has(self.git), has(self.object)].filter(x, x).size() == 1",message="set exactly one of home, git and object"
type Notebook struct {
	// home is a path in the owner's home, which is mounted into the run.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.endsWith('.ipynb') && !self.startsWith('/') && !self.matches('(^|/)[.][.](/|$)')",message="home must be a path of an .ipynb file in the owner's home, such as reports/daily.ipynb, without .."
	// +optional
	Home string `json:"home,omitempty"`

	// git is a file of a repository.
	// +optional
	Git *GitNotebook `json:"git,omitempty"`

	// object is a key in the platform's object store, under notebooks/<workspace>/ in the bucket of runs.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.endsWith('.ipynb') && !self.startsWith('/') && !self.matches('(^|/)[.][.]?(/|$)') && !self.contains('//')",message="object must be the key of an .ipynb file, such as reports/daily.ipynb, without . and .. as parts"
	// +optional
	Object string `json:"object,omitempty"`
}

// GitNotebook is a notebook in a git repository.
type GitNotebook struct {
	// repository is its URL, by HTTPS.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[A-Za-z0-9._-]+(:[0-9]+)?/[^\\\\s@?#]+$')",message="repository must be an https URL without a user or password, such as https://git.example.com/team/reports.git"
	// +required
	Repository string `json:"repository"`

	// ref is a branch, a tag or a commit.
	// +kubebuilder:default=main
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9][A-Za-z0-9._/-]*$')",message="ref must be a branch, a tag or a commit"
	// +optional
	Ref string `json:"ref,omitempty"`

	// path of the notebook in the repository.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.endsWith('.ipynb') && !self.startsWith('/') && !self.matches('(^|/)[.][.](/|$)')",message="path must be that of an .ipynb file in the repository, such as reports/daily.ipynb, without .."
	// +required
	Path string `json:"path"`
}

// Parameter is a value for a notebook.
type Parameter struct {
	// name of the variable in the notebook.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	// +required
	Name string `json:"name"`

	// value of it. Values of the run are written as {{ run.date }}; what is JSON after that is passed as such, anything
	// else is text.
	// +kubebuilder:validation:MaxLength=4096
	// +required
	Value string `json:"value"`
}

// Retries of a task that failed.
type Retries struct {
	// limit is how often a task is tried again.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10
	// +kubebuilder:default=0
	// +optional
	Limit int32 `json:"limit,omitempty"`

	// backoff before the first retry, from 1s to 1h; it doubles with each.
	// +kubebuilder:default="30s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="backoff must be from 1s to 1h"
	// +optional
	Backoff metav1.Duration `json:"backoff,omitempty"`

	// maxBackoff bounds the growth, from 1s to 24h.
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="maxBackoff must be from 1s to 24h"
	// +optional
	MaxBackoff metav1.Duration `json:"maxBackoff,omitempty"`
}

// CatchUp says what becomes of runs that could not start in time.
type CatchUp struct {
	// policy: None, Latest or All.
	// +kubebuilder:default=Latest
	// +optional
	Policy CatchUpPolicy `json:"policy,omitempty"`

	// limit is how many missed runs are looked at, the newest; older ones are counted in a reason and not made.
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	// +optional
	Limit int32 `json:"limit,omitempty"`
}

// Output says where executed notebooks are kept.
type Output struct {
	// prefix stands before the schedule's name in the keys of the workspace's outputs.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$`
	// +optional
	Prefix string `json:"prefix,omitempty"`
}

// Notify says who hears of a run that failed for good.
type Notify struct {
	// webhooks are names of Slack-compatible webhooks. Their URLs are keys of the Secret atoll-notifications in the
	// operator's namespace: <workspace>.<name> for one of the workspace's own, or <name> for one that everybody may use.
	// +listType=set
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9._-]+$`
	// +optional
	Webhooks []string `json:"webhooks,omitempty"`

	// mail are the addresses that get a message.
	// +listType=set
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MinLength=3
	// +kubebuilder:validation:items:MaxLength=254
	// +kubebuilder:validation:items:Pattern=`^[^\s@<>,;"]+@[^\s@<>,;"]+$`
	// +optional
	Mail []string `json:"mail,omitempty"`

	// digest tells whether the runs of the schedule are in its owner's daily mail.
	// +kubebuilder:default=Daily
	// +optional
	Digest Digest `json:"digest,omitempty"`
}

// Digest says whether a schedule is in its owner's daily mail.
// +kubebuilder:validation:Enum=Daily;None
type Digest string

// The choices.
const (
	// DigestDaily names the schedule's runs in the mail.
	DigestDaily Digest = "Daily"
	// DigestNone leaves them out.
	DigestNone Digest = "None"
)

// ScheduleStatus is what the operator has made of the spec.
type ScheduleStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Stalled when only a person can help.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// nextRun is when the next run is due; none when nothing is.
	// +optional
	NextRun *metav1.Time `json:"nextRun,omitempty"`

	// lastInterval is the newest time for which it has been decided whether there is a run. No time up to it is ever
	// decided again.
	// +optional
	LastInterval *metav1.Time `json:"lastInterval,omitempty"`

	// lastSuccess is when a run last succeeded.
	// +optional
	LastSuccess *metav1.Time `json:"lastSuccess,omitempty"`

	// suspended tells whether the operator has seen the schedule suspended. What falls due meanwhile is not missed.
	// +optional
	Suspended bool `json:"suspended,omitempty"`

	// active is the number of runs that are at work or wait for another to finish.
	// +optional
	Active int32 `json:"active"`

	// runs are the last ones, the newest first.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +optional
	Runs []RunSummary `json:"runs,omitempty"`
}

// RunSummary is a run as the schedule's status tells it.
type RunSummary struct {
	// name of the Run.
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`
	// interval is when the run was due.
	// +optional
	Interval *metav1.Time `json:"interval,omitempty"`
	// trigger: Schedule, CatchUp or Manual.
	// +optional
	Trigger Trigger `json:"trigger,omitempty"`
	// phase is how far it is, or how it ended.
	// +optional
	Phase RunPhase `json:"phase,omitempty"`
	// reason of the phase.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Reason string `json:"reason,omitempty"`
	// startTime is when its first task started.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// duration from its start to its end.
	// +optional
	Duration *metav1.Duration `json:"duration,omitempty"`
	// attempt is the highest of its tasks.
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
	// output links the executed notebook: of the task that failed, or of the last one.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Output string `json:"output,omitempty"`
}

// Schedule runs notebooks by itself, in the namespace of a workspace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=sched,categories=atoll
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Cron",type=string,JSONPath=`.spec.cron`
// +kubebuilder:printcolumn:name="Zone",type=string,JSONPath=`.spec.timeZone`
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=`.status.nextRun`
// +kubebuilder:printcolumn:name="Last",type=string,JSONPath=`.status.runs[0].phase`
// +kubebuilder:printcolumn:name="Success",type=date,JSONPath=`.status.lastSuccess`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 40",message="metadata.name: the name of a schedule is 1 to 40 lower-case letters, digits and hyphens, starting and ending with a letter or digit"
type Schedule struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// +required
	Spec ScheduleSpec `json:"spec"`
	// +optional
	Status ScheduleStatus `json:"status,omitempty"`
}

// ScheduleList is a list of schedules.
//
// +kubebuilder:object:root=true
type ScheduleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Schedule `json:"items"`
}
