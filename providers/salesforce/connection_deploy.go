package salesforce

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// maxDeployTime is how long a deploy is waited for. Deploys of what Lockstep
// manages take seconds, unless they queue behind somebody else's.
const maxDeployTime = 30 * time.Minute

// DeployOptions say how to deploy. A deploy is always all or nothing.
type DeployOptions struct {
	CheckOnly bool // let the vendor check, change nothing
}

// Deploy sends a package in one call, which is never repeated, and waits for
// its end; polls count as [schema.Polling]. The error is for a deploy that
// was refused or whose end is not known (rest.IsUnclear); how an ended one
// went is in the result.
//
// Deletions come after the other changes, so that what refers to a deleted
// component can let go of it in the same deploy.
func (c *Connection) Deploy(ctx context.Context, p Package, o DeployOptions) (DeployResult, error) {
	archive, err := p.archive(c.options.APIVersion)
	if err != nil {
		return DeployResult{}, fmt.Errorf("deploy: %w", err)
	}
	contentType, body, err := deployForm(archive, o)
	if err != nil {
		return DeployResult{}, fmt.Errorf("deploy: %w", err)
	}
	resp, err := c.send(rest.Once(ctx), http.MethodPost, c.data(deployResource), contentType, body)
	if err != nil {
		return DeployResult{}, fmt.Errorf("deploy: %w", err)
	}
	var answer struct {
		ID     string     `json:"id"`
		Result wireResult `json:"deployResult"`
	}
	if err := resp.Decode(&answer); err != nil {
		return DeployResult{}, fmt.Errorf("deploy: %w", err)
	}
	if answer.ID == "" {
		answer.ID = answer.Result.ID
	}
	if answer.ID == "" {
		return DeployResult{}, fmt.Errorf("deploy: %w", resp.Bad("answer holds no deploy Id", nil))
	}
	return c.await(ctx, answer.ID)
}

const deployResource = "metadata/deployRequest"

// deployForm makes the body: the archive and the options, as two parts.
func deployForm(archive []byte, o DeployOptions) (contentType string, body []byte, err error) {
	options, err := json.Marshal(map[string]any{"deployOptions": map[string]any{
		"checkOnly": o.CheckOnly, "rollbackOnError": true, "ignoreWarnings": false, "singlePackage": true,
	}})
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	sum := sha256.Sum256(archive)
	if err := form.SetBoundary(hex.EncodeToString(sum[:])); err != nil {
		return "", nil, err
	}
	for _, part := range []struct {
		disposition, contentType string
		content                  []byte
	}{
		{`form-data; name="file"; filename="package.zip"`, "application/zip", archive},
		{`form-data; name="entity_content"`, "application/json", options},
	} {
		w, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {part.disposition}, "Content-Type": {part.contentType},
		})
		if err != nil {
			return "", nil, err
		}
		if _, err := w.Write(part.content); err != nil {
			return "", nil, err
		}
	}
	if err := form.Close(); err != nil {
		return "", nil, err
	}
	return form.FormDataContentType(), b.Bytes(), nil
}

// await polls a deploy until it has ended.
func (c *Connection) await(ctx context.Context, id string) (DeployResult, error) {
	path := deployResource + "/" + id
	ctx, cancel := context.WithTimeoutCause(schema.For(rest.ByMethod(ctx), schema.Polling), maxDeployTime,
		fmt.Errorf("not ended after %v", maxDeployTime))
	defer cancel()
	delays := &backoff.ExponentialBackOff{InitialInterval: 100 * time.Millisecond, Multiplier: 2, MaxInterval: 5 * time.Second}
	for {
		if err := rest.Sleep(ctx, delays.NextBackOff()); err != nil {
			return DeployResult{}, unfinished(id, path, err)
		}
		var answer struct {
			Result wireResult `json:"deployResult"`
		}
		if err := c.Get(ctx, path+"?includeDetails=true", &answer); err != nil {
			return DeployResult{}, unfinished(id, path, err)
		}
		if answer.Result.hasEnded() {
			return answer.Result.result(id), nil
		}
	}
}

// unfinished makes the error of a deploy that goes on without us.
func unfinished(id, path string, cause error) error {
	return &rest.Error{
		Method: http.MethodGet, Path: path, Unclear: true, Err: cause,
		Message: "deploy " + id + " goes on at salesforce and was not waited for to its end",
		Advice:  "look at it under Setup, Deployment Status, then plan again",
	}
}

// A DeployResult is how a deploy ended.
type DeployResult struct {
	ID       string
	Status   string // Succeeded, Failed, Canceled
	Success  bool
	Message  string // the vendor's, when the deploy failed as a whole
	Messages []DeployMessage
}

// A DeployMessage is what the vendor says about one component. Success
// without Created, Changed and Deleted is a component that was as wanted.
type DeployMessage struct {
	Type, FullName, FileName           string
	Success, Created, Changed, Deleted bool
	Warning                            bool
	Problem                            string
	Line, Column                       int
}

// Err returns why the deploy failed as a whole, nil when it succeeded.
func (r DeployResult) Err() error {
	if r.Success {
		return nil
	}
	if r.Message != "" {
		return fmt.Errorf("deploy %s: %s: %s", r.ID, r.Status, r.Message)
	}
	for _, m := range r.Messages {
		if !m.Success {
			return fmt.Errorf("deploy %s: %s: %w", r.ID, r.Status, m.err())
		}
	}
	return fmt.Errorf("deploy %s: %s without a reason", r.ID, r.Status)
}

// Problem returns what the vendor found wrong with one component, nil when it
// found nothing: then the component failed only because others did. A message
// about a deletion may leave the type out (UNCERTAIN).
func (r DeployResult) Problem(member Member) error {
	for _, m := range r.Messages {
		if !m.Success && (m.Type == member.Type || m.Type == "") && DecodeFullName(m.FullName) == DecodeFullName(member.FullName) {
			return m.err()
		}
	}
	return nil
}

func (m DeployMessage) err() error {
	name := m.FileName
	if m.FullName != "" {
		name = m.Type + " " + m.FullName
	}
	if m.Line > 0 {
		name += fmt.Sprintf(" (%d:%d)", m.Line, m.Column)
	}
	if m.Problem == "" {
		return errors.New(name + ": refused without a reason")
	}
	return errors.New(name + ": " + m.Problem)
}

// wireResult is a deploy as the vendor writes it.
type wireResult struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	Success      bool   `json:"success"`
	ErrorCode    string `json:"errorStatusCode"`
	ErrorMessage string `json:"errorMessage"`
	Details      struct {
		Failures  []wireMessage `json:"componentFailures"`
		Successes []wireMessage `json:"componentSuccesses"`
	} `json:"details"`
}

type wireMessage struct {
	Type        string `json:"componentType"`
	FullName    string `json:"fullName"`
	FileName    string `json:"fileName"`
	Success     bool   `json:"success"`
	Created     bool   `json:"created"`
	Changed     bool   `json:"changed"`
	Deleted     bool   `json:"deleted"`
	Problem     string `json:"problem"`
	ProblemType string `json:"problemType"`
	Line        int    `json:"lineNumber"`
	Column      int    `json:"columnNumber"`
}

func (w *wireResult) hasEnded() bool {
	switch w.Status {
	case "Succeeded", "SucceededPartial", "Failed", "Canceled", "FinalizingFailed":
		return true
	}
	return false
}

// result trusts nothing but Succeeded: with rollbackOnError a partial success
// is not to be had, and one that comes anyway has failures to tell.
func (w *wireResult) result(id string) DeployResult {
	r := DeployResult{ID: id, Status: w.Status, Success: w.Success && w.Status == "Succeeded", Message: w.ErrorMessage}
	if w.ErrorMessage != "" && w.ErrorCode != "" {
		r.Message = w.ErrorCode + ": " + w.ErrorMessage
	}
	for _, m := range append(w.Details.Failures, w.Details.Successes...) {
		r.Messages = append(r.Messages, DeployMessage{
			Type: m.Type, FullName: m.FullName, FileName: m.FileName,
			Success: m.Success, Created: m.Created, Changed: m.Changed, Deleted: m.Deleted,
			Warning: m.ProblemType == "Warning", Problem: m.Problem, Line: m.Line, Column: m.Column,
		})
	}
	return r
}
