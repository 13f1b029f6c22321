package salesforce

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// soap carries out one operation of the SOAP Metadata API: in is the
// operation's element, the answer is its response's.
func (c *Connection) soap(ctx context.Context, in *Node) (*Node, error) {
	resp, err := c.inSession(ctx, func(s *session) (*rest.Response, error) {
		if s.isJWT() {
			return nil, errors.New("the access token is a JSON web token, which the SOAP Metadata API never accepts: " +
				"in the app's OAuth settings, switch off issuing JWT-based access tokens")
		}
		return c.client.Do(ctx, rest.Request{
			Method: http.MethodPost,
			URL:    s.instance + "/services/Soap/m/" + c.options.APIVersion,
			Header: http.Header{"Content-Type": {"text/xml; charset=UTF-8"}, "Soapaction": {`""`}},
			Body:   envelope(s.token.Reveal(), in),
		})
	})
	if err != nil {
		return nil, err
	}
	out, err := openEnvelope(resp.Body, in.Name)
	if err != nil {
		return nil, resp.Bad(err.Error(), nil)
	}
	return out, nil
}

// envelope wraps an operation. The token goes into the SOAP header: a Bearer
// header alone does not sign in here.
func envelope(token string, in *Node) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"` +
		` xmlns:xsi="` + instanceNamespace + `">` +
		`<soapenv:Header xmlns="` + metadataNamespace + `"><SessionHeader><sessionId>` + escape(token) +
		`</sessionId></SessionHeader></soapenv:Header><soapenv:Body xmlns="` + metadataNamespace + `">`)
	in.write(&b, "", "")
	b.WriteString(`</soapenv:Body></soapenv:Envelope>`)
	return b.Bytes()
}

// openEnvelope returns the response element of an operation.
func openEnvelope(document []byte, operation string) (*Node, error) {
	envelope, err := parseNode(document)
	if err != nil {
		return nil, err
	}
	out := envelope.Child("Body").Child(operation + "Response")
	if out == nil {
		return nil, errors.New("answer holds no " + operation + "Response")
	}
	return out, nil
}
