package salesforce

import (
	"fmt"
	"slices"
	"time"
)

// The states of a deploy (VERIFIED names).
const (
	statusPending   = "Pending"
	statusRunning   = "InProgress"
	statusSucceeded = "Succeeded"
	statusPartial   = "SucceededPartial"
	statusFailed    = "Failed"
	statusCanceling = "Canceling"
	statusCanceled  = "Canceled"
)

// A job is a deploy or retrieve that clients poll for.
type job struct {
	id        string
	by        *session
	options   deployOptions
	archive   []byte // of a deploy
	validated bool   // a deploy that only checked may be carried out once as it is

	wanted   *retrieveRequest // of a retrieve
	zip      []byte
	files    []fileProperties
	messages []string

	polls                       int
	status                      string
	created, started, completed time.Time
	canceledBy                  *session
	details                     *deployDetails // of a deploy that ran
	failure                     *problem       // of the job as a whole
}

func (j *job) isDeploy() bool { return j.wanted == nil }

func (j *job) done() bool { return !j.completed.IsZero() }

// metaPlane is what the metadata plane remembers besides the tables.
type metaPlane struct {
	types *metaCatalogue
	rules MetadataRules
	jobs  map[string]*job // by the first 15 characters of the Id
	queue []*job          // deploys that are not done, oldest first
}

func newMetaPlane() *metaPlane {
	return &metaPlane{types: newMetaCatalogue(), jobs: map[string]*job{}}
}

// addJob starts a job. Deploys wait for each other: one at a time holds the
// org's lock (SECONDARY).
func (o *Org) addJob(prefix string, j *job) *job {
	o.store.serial++
	j.id = longID(fmt.Sprintf("%s5g%010d", prefix, o.store.serial))
	j.status, j.created = statusPending, o.store.now()
	o.meta.jobs[j.id[:15]] = j
	if j.isDeploy() {
		o.meta.queue = append(o.meta.queue, j)
	}
	return j
}

// job returns a job by its Id in either length.
func (o *Org) job(id string) *job {
	if len(id) < 15 {
		return nil
	}
	return o.meta.jobs[id[:15]]
}

// poll moves a job on by one, as if a client's question took the time the
// work takes. A deploy behind another moves that one.
func (o *Org) poll(j *job) {
	if j.done() {
		return
	}
	if j.isDeploy() {
		j = o.meta.queue[0]
	}
	j.polls++
	needed := o.meta.rules.polls()
	switch {
	case j.status == statusCanceling:
		o.finish(j, statusCanceled)
	case j.polls >= needed:
		o.run(j)
	case j.polls > 1 || needed == 2:
		o.start(j)
	}
}

func (o *Org) start(j *job) {
	if j.status == statusPending {
		j.status, j.started = statusRunning, o.store.now()
	}
}

// advance finishes deploys whose time has come though nobody asked: a client
// that lost the answer to its request reads the org, not the job.
func (o *Org) advance() {
	for len(o.meta.queue) > 0 {
		j := o.meta.queue[0]
		if o.store.now().Sub(j.created) < jobTime {
			return
		}
		if j.status == statusCanceling {
			o.finish(j, statusCanceled)
			continue
		}
		o.run(j)
	}
}

// run does a job's work.
func (o *Org) run(j *job) {
	o.start(j)
	if !j.isDeploy() {
		o.runRetrieve(j)
		return
	}
	d := o.runDeploy(j.by.userID, j.archive, j.options)
	j.details, j.failure = &d.details, d.failure
	failures := len(j.details.ComponentFailures)
	switch {
	case failures == 0:
		j.validated = j.options.CheckOnly
		o.finish(j, statusSucceeded)
	case j.failure != nil || j.options.RollbackOnError || j.options.CheckOnly || len(j.details.ComponentSuccesses) == 1:
		o.finish(j, statusFailed) // the one success is package.xml
	default:
		o.finish(j, statusPartial)
	}
	if !j.validated {
		j.archive = nil
	}
}

func (o *Org) finish(j *job, status string) {
	j.status, j.completed = status, o.store.now()
	if j.isDeploy() {
		o.meta.queue = slices.DeleteFunc(o.meta.queue, func(other *job) bool { return other == j })
	}
}

// cancel stops a deploy. One that waits ends at once, one that runs at its
// next step; it reports false when the deploy is done already.
func (o *Org) cancel(j *job, by *session) bool {
	if j.done() {
		return false
	}
	j.canceledBy = by
	if j.status == statusPending {
		o.finish(j, statusCanceled)
		return true
	}
	j.status = statusCanceling
	return true
}

// result is what a client is told about a deploy.
func (j *job) result(details bool) *deployResult {
	r := &deployResult{
		ID: j.id, Status: j.status, Done: j.done(), Success: j.status == statusSucceeded,
		CheckOnly: j.options.CheckOnly, IgnoreWarnings: j.options.IgnoreWarnings, RollbackOnError: j.options.RollbackOnError,
		RunTestsEnabled: j.options.TestLevel != "" && j.options.TestLevel != "NoTestRun",
		CreatedBy:       j.by.userID, CreatedByName: j.by.username,
		CreatedDate: metaTime(j.created), StartDate: metaTime(j.started), CompletedDate: metaTime(j.completed),
	}
	r.LastModifiedDate = max(r.CreatedDate, r.StartDate, r.CompletedDate)
	if j.canceledBy != nil {
		r.CanceledBy, r.CanceledByName = j.canceledBy.userID, j.canceledBy.username
	}
	found := j.details
	if found == nil {
		found = noDetails()
	} else {
		r.count(found, j.failure)
	}
	if details {
		r.Details = found
	}
	return r
}

// count fills in how many components there were.
func (r *deployResult) count(found *deployDetails, failure *problem) {
	r.NumberComponentErrors = len(found.ComponentFailures)
	if failure != nil {
		r.ErrorMessage, r.ErrorStatusCode = failure.text, failure.code
	} else {
		r.NumberComponentsDeployed = len(found.ComponentSuccesses) - 1 // package.xml is none
	}
	r.NumberComponentsTotal = r.NumberComponentsDeployed + r.NumberComponentErrors
}

func noDetails() *deployDetails {
	return &deployDetails{ComponentFailures: []deployMessage{}, ComponentSuccesses: []deployMessage{}}
}
