package salesforce

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// errorRoot begins every error code of the bus.
const errorRoot = "sfdc.platform.eventbus.grpc."

// A BusError is how the Pub/Sub API refuses: a status, and in the trailer the
// code that tells refusals of one status apart.
type BusError struct {
	Code   string // without the root: topic.not.found
	Status codes.Code
	Text   string
}

func (e *BusError) Error() string { return errorRoot + e.Code + ": " + e.Text }

// busErrors are the refusals by their codes: VERIFIED as far as the code goes;
// which status each comes with is UNCERTAIN but for service.auth.error. Those
// after the blank line are INVENTED: the vendor refuses such calls in words
// that were not found.
func busErrors() map[string]BusError {
	list := map[string]BusError{}
	for _, e := range []BusError{
		{"subscription.fetch.replayid.corrupted", codes.InvalidArgument, "The Replay ID validation failed. Ensure that the Replay ID is valid."},
		{"subscription.fetch.replayid.validation.failed", codes.InvalidArgument, "The Replay ID is missing. A CUSTOM replay preset needs one."},
		{"subscription.fetch.replay.repeated", codes.InvalidArgument, "The replay options were repeated. Restart the subscription."},
		{"subscription.fetch.overflow", codes.ResourceExhausted, "More events were requested than can be outstanding."},
		{"subscription.limit.exceeded", codes.ResourceExhausted, "You have exceeded the event delivery limit for your org."},
		{"subscription.topic.cannot.subscribe", codes.PermissionDenied, "You can't subscribe to this topic."},
		{"subscription.internal.error", codes.Internal, "An internal error occurred."},
		{"service.auth.error", codes.Unauthenticated, "An authentication exception occurred."},
		{"service.auth.headers.invalid", codes.Unauthenticated, "The accesstoken, instanceurl or tenantid header is missing or not valid."},
		{"service.tenant.license", codes.PermissionDenied, "The org is not licensed for this feature."},
		{"service.unavailable", codes.Unavailable, "The service is unavailable."},
		{"service.protection.triggered", codes.ResourceExhausted, "Too many requests."},
		{"service.protection.stream.limit.triggered", codes.ResourceExhausted, "Too many streams."},
		{"concurrent.client.limit.exceeded", codes.ResourceExhausted, "Too many concurrent clients."},
		{"topic.not.found", codes.NotFound, "The topic was not found."},
		{"topic.api.unavailable", codes.Unavailable, "The topic API is unavailable."},
		{"schema.api.unavailable", codes.Unavailable, "The schema API is unavailable."},

		{"subscription.fetch.requested.invalid", codes.InvalidArgument, "The number of requested events must be between 1 and 100."},
		{"subscription.fetch.topic.changed", codes.InvalidArgument, "The topic of a subscription can't be changed."},
		{"schema.not.found", codes.NotFound, "The schema was not found."},
		{"publish.topic.cannot.publish", codes.PermissionDenied, "You can't publish to this topic."},
		{"call.unimplemented", codes.Unimplemented, "This call is not served here."},
	} {
		list[e.Code] = e
	}
	return list
}

// KnownBusError reports whether the Pub/Sub API has a refusal of this code.
func KnownBusError(code string) bool {
	_, known := busErrors()[code]
	return known
}

// RefuseBus is the refusal of a code, which must be known.
func RefuseBus(code string) *BusError { return refusal(code) }

// refusal is the refusal of a code.
func refusal(code string) *BusError {
	e, known := busErrors()[code]
	if !known {
		panic("salesforce emulator: no refusal " + code)
	}
	return &e
}

// onWire writes a refusal as the caller gets it: the trailer with the code, and
// the call's id in the text.
func (e *BusError) onWire(rpcID string, setTrailer func(metadata.MD)) error {
	setTrailer(metadata.Pairs("error-code", errorRoot+e.Code))
	return status.Error(e.Status, e.Text+" rpcId: "+rpcID)
}
