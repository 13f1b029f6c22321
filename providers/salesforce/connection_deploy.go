package salesforce

import "context"

// A Package is what one deploy carries: components to create or change, and
// members to delete after that.
type Package struct {
	Components  []Component
	Destructive []Member
}

// DeployOptions say how to deploy. A deploy is always all or nothing.
type DeployOptions struct {
	CheckOnly bool // let the vendor check, change nothing
}

// A DeployResult is how a deploy ended.
type DeployResult struct {
	ID       string
	Status   string // Succeeded, Failed, Canceled
	Success  bool
	Message  string // the vendor's, when the deploy failed as a whole
	Messages []DeployMessage
}

// A DeployMessage is what the vendor says about one component.
type DeployMessage struct {
	Type, FullName, FileName                    string
	Success, Created, Changed, Deleted, Warning bool
	Problem                                     string
	Line, Column                                int
}

// Err returns why the deploy failed as a whole, nil when it succeeded.
func (r DeployResult) Err() error { return nil }

// Problem returns what the vendor found wrong with one component, nil when it
// found nothing: then the component failed only because others did.
func (r DeployResult) Problem(m Member) error { return nil }

// Deploy sends a package in one call, which is never repeated, and waits for
// its end; polls count as [schema.Polling]. The error is for a deploy that
// was refused or whose end is not known (rest.IsUnclear); how an ended one
// went is in the result.
func (c *Connection) Deploy(ctx context.Context, p Package, o DeployOptions) (DeployResult, error) {
	return DeployResult{}, errPending
}
