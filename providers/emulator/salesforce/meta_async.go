package salesforce

import (
	"cmp"
	"encoding/base64"
	"strings"
)

// Deploys and retrieves over SOAP.

func (o *Org) soapDeploy(c *soapCall) (*node, *fault) {
	archive, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.operation.get("ZipFile")), ""))
	if err != nil {
		return nil, clientFault("ZipFile is not base64: %v", err)
	}
	j, p := o.submit(c.session, archive, readDeployOptions(c.operation.child("DeployOptions")))
	if p != nil {
		return nil, sfFault(p.code, "%s", p.text)
	}
	return tree("deployResponse", j.asyncResult()), nil
}

func (o *Org) soapQuickDeploy(c *soapCall) (*node, *fault) {
	j, p := o.quick(c.session, c.operation.get("validationId"))
	if p != nil {
		return nil, sfFault(p.code, "%s", p.text)
	}
	return tree("deployRecentValidationResponse", leaf("result", j.id)), nil
}

// asyncResult is what SOAP tells about any job. Its states have names of their
// own.
func (j *job) asyncResult() *node {
	state := map[string]string{statusPending: "Queued", statusRunning: "InProgress", statusCanceling: "InProgress"}[j.status]
	n := tree("result", leaf("done", formatBool(j.done())), leaf("id", j.id))
	switch {
	case state != "":
	case j.status == statusSucceeded || j.status == statusPartial:
		state = "Completed"
	default:
		state = "Error"
	}
	n.children = append(n.children, leaf("state", state))
	if j.failure != nil {
		n.children = append(n.children, leaf("statusCode", j.failure.code))
	}
	return n
}

// jobOf finds the job that a call is about. cancelDeploy's Id is String in the
// WSDL and id in what the vendor's own client sends, which was tried on a real
// org (VERIFIED: jsforce pull request 1551).
func (o *Org) jobOf(c *soapCall) (*job, *fault) {
	id := cmp.Or(c.operation.get("asyncProcessId"), c.operation.get("String"), c.operation.get("id"))
	if j := o.job(id); j != nil {
		return j, nil
	}
	return nil, sfFault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
}

// checkStatus is the old way to ask, which some clients still begin with.
func (o *Org) checkStatus(c *soapCall) (*node, *fault) {
	j, f := o.jobOf(c)
	if f != nil {
		return nil, f
	}
	o.poll(j)
	return tree("checkStatusResponse", j.asyncResult()), nil
}

func (o *Org) checkDeployStatus(c *soapCall) (*node, *fault) {
	j, f := o.jobOf(c)
	if f != nil {
		return nil, f
	}
	if !j.isDeploy() {
		return nil, sfFault("INVALID_ID_FIELD", "%s is not a deployment", j.id)
	}
	o.poll(j)
	return tree("checkDeployStatusResponse", asNode("result", j.result(isTrue(c.operation.get("includeDetails"))))), nil
}

func (o *Org) soapCancel(c *soapCall) (*node, *fault) {
	j, f := o.jobOf(c)
	if f != nil {
		return nil, f
	}
	if !j.isDeploy() || !o.cancel(j, c.session) {
		return nil, sfFault("INVALID_ID_FIELD", "Deployment already completed")
	}
	return tree("cancelDeployResponse", tree("result", leaf("done", formatBool(j.done())), leaf("id", j.id))), nil
}

func (o *Org) soapRetrieve(c *soapCall) (*node, *fault) {
	wanted, f := readRetrieve(c.operation)
	if f != nil {
		return nil, f
	}
	return tree("retrieveResponse", o.addJob("09S", &job{by: c.session, wanted: wanted}).asyncResult()), nil
}

func (o *Org) checkRetrieveStatus(c *soapCall) (*node, *fault) {
	j, f := o.jobOf(c)
	if f != nil {
		return nil, f
	}
	if j.isDeploy() {
		return nil, sfFault("INVALID_ID_FIELD", "%s is not a retrieve", j.id)
	}
	o.poll(j)
	withZip := c.operation.child("includeZip") == nil || isTrue(c.operation.get("includeZip"))
	return tree("checkRetrieveStatusResponse", o.retrieveResult(j, withZip)), nil
}
