package salesforce

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// A deployRequest is the JSON of REST deploys, in both directions.
type deployRequest struct {
	ID            string         `json:"id,omitempty"`
	ValidatedID   string         `json:"validatedDeployRequestId,omitempty"`
	URL           string         `json:"url,omitempty"`
	DeployOptions *deployOptions `json:"deployOptions,omitempty"`
	DeployResult  *deployResult  `json:"deployResult,omitempty"`
}

// startDeploy takes a deploy, or a validated one to be carried out. It answers
// 201 (UNCERTAIN).
func (o *Org) startDeploy(c *call) {
	kind, parameters, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" {
		o.startQuickDeploy(c)
		return
	}
	if err != nil || kind != "multipart/form-data" {
		c.fail(&apiError{Code: "UNSUPPORTED_MEDIA_TYPE", Message: "Content-Type must be multipart/form-data", status: http.StatusUnsupportedMediaType})
		return
	}
	archive, options, err := readDeployParts(multipart.NewReader(c.r.Body, parameters["boundary"]))
	if err != nil {
		c.fail(&apiError{Code: "INVALID_MULTIPART_REQUEST", Message: err.Error()})
		return
	}
	j, p := o.submit(c.session, archive, *options)
	if p != nil {
		c.fail(&apiError{Code: p.code, Message: p.text})
		return
	}
	o.answerDeploy(c, http.StatusCreated, j, false)
}

// readDeployParts finds the zip and the options. Clients name the parts
// differently (file or the like; json or entity_content), so the JSON is told
// by its type, its name or its first byte, and the other part is the zip.
func readDeployParts(reader *multipart.Reader) ([]byte, *deployOptions, error) {
	var archive []byte
	var request deployRequest
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		if !isJSON(part, content) {
			archive = content
			continue
		}
		if err := json.Unmarshal(content, &request); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case archive == nil:
		return nil, nil, errors.New("the request has no zip file")
	case request.DeployOptions == nil:
		return nil, nil, errors.New("the request has no deployOptions")
	}
	return archive, request.DeployOptions, nil
}

func isJSON(part *multipart.Part, content []byte) bool {
	return strings.HasPrefix(part.Header.Get("Content-Type"), "application/json") ||
		part.FormName() == "json" || part.FormName() == "entity_content" || len(content) > 0 && content[0] == '{'
}

// submit queues a deploy. Production takes none that could end half done
// (UNCERTAIN code and text).
func (o *Org) submit(by *session, archive []byte, options deployOptions) (*job, *problem) {
	if !o.tenant.Salesforce.Sandbox && !options.RollbackOnError {
		return nil, problemf("INVALID_OPERATION", "rollbackOnError must be true for deployments to a production organization")
	}
	if len(archive) > maxCompressed {
		return nil, problemf("LIMIT_EXCEEDED", "Maximum size of request reached. Maximum size of request is %d bytes.", maxCompressed)
	}
	return o.addJob("0Af", &job{by: by, archive: archive, options: options}), nil
}

// quick queues a deploy that was validated before, once.
func (o *Org) quick(by *session, id string) (*job, *problem) {
	validated := o.job(id)
	if validated == nil || !validated.isDeploy() || !validated.validated {
		return nil, problemf("INVALID_ID_FIELD", "The deployment %s has not been validated or was carried out already", id) // UNCERTAIN text
	}
	options := validated.options
	options.CheckOnly = false
	j := o.addJob("0Af", &job{by: by, archive: validated.archive, options: options})
	validated.validated, validated.archive = false, nil
	return j, nil
}

func (o *Org) startQuickDeploy(c *call) {
	var request deployRequest
	if !c.decode(&request) {
		return
	}
	j, p := o.quick(c.session, request.ValidatedID)
	if p != nil {
		c.fail(&apiError{Code: p.code, Message: p.text})
		return
	}
	o.answerDeploy(c, http.StatusCreated, j, false)
}

// showDeploy answers a poll.
func (o *Org) showDeploy(c *call) {
	j := o.job(c.r.PathValue("id"))
	if j == nil || !j.isDeploy() {
		c.fail(notFound())
		return
	}
	o.poll(j)
	o.answerDeploy(c, http.StatusOK, j, isTrue(c.r.URL.Query().Get("includeDetails")))
}

// cancelDeploy asks a deploy to stop (UNCERTAIN: body and status).
func (o *Org) cancelDeploy(c *call) {
	var request deployRequest
	if !c.decode(&request) {
		return
	}
	j := o.job(c.r.PathValue("id"))
	switch {
	case j == nil || !j.isDeploy():
		c.fail(notFound())
	case request.DeployResult == nil || request.DeployResult.Status != statusCanceling:
		c.fail(&apiError{Code: "INVALID_FIELD", Message: "The only change to a deployment is status Canceling"})
	case !o.cancel(j, c.session):
		c.fail(&apiError{Code: "INVALID_OPERATION", Message: "The deployment is already completed"})
	default:
		o.answerDeploy(c, http.StatusAccepted, j, false)
	}
}

func (o *Org) answerDeploy(c *call, status int, j *job, details bool) {
	writeJSON(c.w, status, deployRequest{
		ID: j.id, URL: o.instanceURL(c.r) + c.base() + "/metadata/deployRequest/" + j.id,
		DeployOptions: &j.options, DeployResult: j.result(details),
	})
}
