package cxone

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A job is how one step is carried out: the calls it takes, known before any
// of them is made, and the function that makes them.
type job struct {
	calls   int
	run     func(ctx context.Context, c *Connection) error
	refresh bool // *Get CXone Users* has to come first, once for all jobs
}

// A call is one vendor call of a job, with what it does in words.
type call struct {
	what string
	make func(ctx context.Context, c *Connection) error
}

// inTurn makes the calls one after the other and stops at the first that
// fails. What was done stays done; planning again shows what is left.
func inTurn(calls ...call) job {
	return job{calls: len(calls), run: func(ctx context.Context, c *Connection) error {
		for _, one := range calls {
			if err := one.make(ctx, c); err != nil {
				return fmt.Errorf("%s: %w", one.what, err)
			}
		}
		return nil
	}}
}

// create posts a new object and returns the id that the vendor gave it.
func create(ctx context.Context, c *Connection, path string, body any, idKey string) (string, error) {
	answer, err := c.Post(ctx, path, nil, body)
	if err != nil {
		return "", err
	}
	made, err := answer.Loose()
	if err != nil {
		return "", err
	}
	id := made.Text(idKey, "id")
	if id == "" {
		return "", answer.response.Bad("answer has no "+idKey, nil)
	}
	return id, nil
}

// operation carries out the steps of one wave, several at once.
func (p *Provider) operation(steps []*schema.Step) schema.Operation {
	_, refresh, calls := plan(p.directory(), steps)
	if refresh {
		calls++
	}
	return schema.Operation{Steps: steps, Calls: calls, Run: func(ctx context.Context) []schema.Outcome {
		// Earlier waves may have made what these steps name, and their wanted
		// values are known by now: what to call is decided afresh.
		d := p.directory()
		jobs, refresh, _ := plan(d, steps)
		ctx = schema.For(ctx, schema.Writing)
		if refresh {
			if err := refreshUsers(ctx, p.connection); err != nil {
				return failed(steps, fmt.Errorf("get CXone users: %w", err))
			}
		}
		return runAll(ctx, p.connection, steps, jobs)
	}}
}

func plan(d *directory, steps []*schema.Step) (jobs []job, refresh bool, calls int) {
	jobs = make([]job, len(steps))
	for i, step := range steps {
		jobs[i] = kindNamed(step.Kind.Name).write(d, step)
		calls += jobs[i].calls
		refresh = refresh || jobs[i].refresh
	}
	return jobs, refresh, calls
}

func runAll(ctx context.Context, c *Connection, steps []*schema.Step, jobs []job) []schema.Outcome {
	outcomes := make([]schema.Outcome, len(steps))
	var group errgroup.Group
	group.SetLimit(c.options.Parallelism)
	for i, step := range steps {
		group.Go(func() error {
			outcomes[i] = outcomeOf(ctx, c, step, jobs[i])
			return nil
		})
	}
	_ = group.Wait() // every error is an outcome
	return outcomes
}

func outcomeOf(ctx context.Context, c *Connection, step *schema.Step, j job) schema.Outcome {
	if err := ctx.Err(); err != nil {
		return schema.Outcome{Step: step, Result: schema.NotDone, Err: context.Cause(ctx)}
	}
	err := j.run(ctx, c)
	switch {
	case err == nil:
		return schema.Outcome{Step: step, Result: schema.Done}
	case rest.IsUnclear(err):
		return schema.Outcome{Step: step, Result: schema.Unclear, Err: err}
	}
	return schema.Outcome{Step: step, Result: schema.NotDone, Err: explain(step, err)}
}

func failed(steps []*schema.Step, err error) []schema.Outcome {
	outcomes := make([]schema.Outcome, len(steps))
	for i, step := range steps {
		outcomes[i] = schema.Outcome{Step: step, Result: schema.NotDone, Err: err}
	}
	return outcomes
}

// permissions name what a refused write of a kind lacks (VERIFIED, help pages).
var permissions = map[string]string{
	"unavailable_code": "Unavailable Codes: Create",
	"account_mapping":  "Account Mapping: Create",
	"presence_rule":    "Rules: Create",
}

// explain adds the permission that a refusal is likely to be about.
func explain(step *schema.Step, err error) error {
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		return err
	}
	return fmt.Errorf("%w; the permission is %q", err, permissions[step.Kind.Name])
}
