package salesforce

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// errSession says that the Pub/Sub API does not take the session any more.
var errSession = errors.New("the session is not accepted")

// A remedy is what an error of the Pub/Sub API means to run, and what to do.
type remedy struct {
	kind error // what it wraps; nil when trying again may help
	text string
}

// remedyFor sorts the vendor's error codes (VERIFIED as a list; which gRPC
// status comes with each is not stated, so that the code goes first).
func remedyFor(code string, c codes.Code) remedy {
	switch code {
	case "subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed":
		return remedy{kind: schema.ErrCursor}
	case "subscription.limit.exceeded":
		return remedy{kind: schema.ErrAllowance}
	case "service.auth.error":
		return remedy{kind: errSession}
	case "service.auth.headers.invalid":
		return remedy{schema.ErrSetup, "check that instance_url and pubsub_endpoint belong to the same org"}
	case "topic.not.found":
		return remedy{schema.ErrSetup, "apply the presence_bridge block, or select User Presence in Setup > Change Data Capture"}
	case "subscription.topic.cannot.subscribe":
		return remedy{schema.ErrSetup, "give the signed-in user View All Data, or View All Records on User Presence"}
	case "service.tenant.license":
		return remedy{schema.ErrSetup, "the org's licence does not cover the Pub/Sub API: ask Salesforce"}
	case "concurrent.client.limit.exceeded", "service.protection.triggered":
		return remedy{text: "too many clients or calls at once"}
	}
	if code != "" {
		return remedy{}
	}
	return remedyByStatus(c)
}

// remedyByStatus is for errors that come without a code, from a proxy or from
// gRPC itself.
func remedyByStatus(c codes.Code) remedy {
	switch c {
	case codes.Unauthenticated:
		return remedy{kind: errSession}
	case codes.PermissionDenied:
		return remedy{schema.ErrSetup, "give the signed-in user View All Data, or View All Records on User Presence"}
	case codes.Unimplemented:
		return remedy{schema.ErrSetup, "no Pub/Sub API answers there: check pubsub_endpoint"}
	}
	return remedy{}
}

const codeRoot = "sfdc.platform.eventbus.grpc."

// busError makes an error of a failed call: its code is in the trailer, and
// what the vendor wrote is freed of secrets.
func (c *Connection) busError(method string, trailer metadata.MD, err error) error {
	s := status.Convert(err)
	if errors.Is(err, io.EOF) {
		s = status.New(codes.Unavailable, "the stream ended")
	}
	code := ""
	if values := trailer.Get("error-code"); len(values) > 0 {
		code = strings.TrimPrefix(values[0], codeRoot)
	}
	r := remedyFor(code, s.Code())
	shown := code
	if shown == "" {
		shown = s.Code().String()
	}
	said := c.client.Refusal("gRPC", method, 0, rest.Fault{Code: shown, Message: s.Message()})
	if refused, ok := errors.AsType[*rest.Error](said); ok {
		refused.Advice = r.text
	}
	if r.kind == nil {
		return said
	}
	return fmt.Errorf("%w: %w", r.kind, said)
}
