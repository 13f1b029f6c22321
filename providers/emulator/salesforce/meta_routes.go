package salesforce

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// metadataRoutes registers the Metadata API: SOAP for components and deploys,
// REST for deploys. Some clients put the org's Id after the version.
func (o *Org) metadataRoutes(mux *http.ServeMux) {
	for _, tail := range [...]string{"", "/{org}"} {
		mux.HandleFunc("POST /services/Soap/m/{version}"+tail, o.soapMetadata)
		mux.HandleFunc("POST /services/Soap/u/{version}"+tail, o.soapPartner)
	}
	const deploys = "/services/data/{version}/metadata/deployRequest"
	mux.HandleFunc("POST "+deploys, o.rest(o.metadataREST(o.startDeploy)))
	mux.HandleFunc("GET "+deploys+"/{id}", o.rest(o.metadataREST(o.showDeploy)))
	mux.HandleFunc("PATCH "+deploys+"/{id}", o.rest(o.metadataREST(o.cancelDeploy)))
}

// A soapCall is one signed-in call of the Metadata API over SOAP.
type soapCall struct {
	*envelope
	r       *http.Request
	session *session
	version float64
}

// operations are what the Metadata API can do over SOAP.
func (o *Org) operations() map[string]func(*soapCall) (*node, *fault) {
	return map[string]func(*soapCall) (*node, *fault){
		"createMetadata":         o.save,
		"updateMetadata":         o.save,
		"upsertMetadata":         o.save,
		"readMetadata":           o.readMetadata,
		"deleteMetadata":         o.deleteMetadata,
		"renameMetadata":         o.renameMetadata,
		"listMetadata":           o.listMetadata,
		"describeMetadata":       o.describeMetadata,
		"deploy":                 o.soapDeploy,
		"deployRecentValidation": o.soapQuickDeploy,
		"checkDeployStatus":      o.checkDeployStatus,
		"cancelDeploy":           o.soapCancel,
		"retrieve":               o.soapRetrieve,
		"checkRetrieveStatus":    o.checkRetrieveStatus,
		"checkStatus":            o.checkStatus,
	}
}

// soapMetadata answers by the body's first element. SOAPAction says too many
// different things to be of use.
func (o *Org) soapMetadata(w http.ResponseWriter, r *http.Request) {
	response, f := o.callMetadata(r)
	if f != nil {
		writeFault(w, metadataNS, f)
		return
	}
	writeSOAP(w, metadataNS, response)
}

func (o *Org) callMetadata(r *http.Request) (*node, *fault) {
	version, f := soapVersion(r)
	if f != nil {
		return nil, f
	}
	e, f := readEnvelope(r, metadataNS)
	if f != nil {
		return nil, f
	}
	operation := o.operations()[e.operation.name]
	if operation == nil {
		return nil, noOperation(e.operation)
	}
	session, f := o.soapSession(e.sessionID)
	if f != nil {
		return nil, f
	}
	return operation(&soapCall{envelope: e, r: r, session: session, version: version})
}

// soapVersion reads the version in the path: 67.0, without a v.
func soapVersion(r *http.Request) (float64, *fault) {
	major, whole := strings.CutSuffix(r.PathValue("version"), ".0")
	n, err := strconv.Atoi(major)
	if !whole || err != nil || n <= retiredVersion || n > newestVersion {
		return 0, sfFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
	}
	return float64(n), nil
}

func readEnvelope(r *http.Request, namespace string) (*envelope, *fault) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, clientFault("The request cannot be read: %v", err)
	}
	e, err := parseEnvelope(body, namespace)
	if f, ok := errors.AsType[*fault](err); ok {
		return nil, f
	}
	return e, nil
}

// soapSession signs a SOAP call in by its SessionHeader. An Authorization
// header does not count, and tokens in JWT format never work (VERIFIED).
func (o *Org) soapSession(id string) (*session, *fault) {
	session, ok := o.session(id)
	if !ok || session.jwtFormat {
		return nil, sfFault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key")
	}
	if !o.usage.spend(o.options.Now(), o.allocation()) {
		return nil, sfFault("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	}
	if !o.mayModifyMetadata(session) {
		return nil, sfFault("INSUFFICIENT_ACCESS", "%s", needsModifyMetadata)
	}
	return session, nil
}

// needsModifyMetadata is the vendor's text (VERIFIED).
const needsModifyMetadata = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"

func (o *Org) mayModifyMetadata(s *session) bool {
	return o.permitted(s.userID, "ModifyMetadata") || o.permitted(s.userID, "ModifyAllData")
}

// metadataREST lets only those through who may use the Metadata API.
func (o *Org) metadataREST(handle func(*call)) func(*call) {
	return func(c *call) {
		if !o.mayModifyMetadata(c.session) {
			c.fail(&apiError{Code: "INSUFFICIENT_ACCESS", Message: needsModifyMetadata, status: http.StatusForbidden})
			return
		}
		handle(c)
	}
}
