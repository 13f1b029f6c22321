package emulator_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/linkedin/goavro/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

const (
	ana        = "ana.lopez@acme.example"
	ben        = "ben.okafor@acme.example"
	ownChannel = "/data/Lockstep__chn"
	ownTopic   = "/data/UserServicePresenceChangeEvent"
	allTopic   = "/data/ChangeEvents"
	// guideFilter is the one that the vendor's guide tells to use.
	guideFilter = "ChangeEventHeader.changeType = 'CREATE' OR (IsCurrentState = false)"
)

// A bus is a client of the Pub/Sub API, without a socket.
type bus struct {
	*caller
	api     pubsub.PubSubClient
	schemas map[string]*goavro.Codec
}

// newBus selects presence on the standard channel, and on one of our own with
// the guide's filter. It must be closed within the bubble.
func newBus(t *testing.T) *bus {
	t.Helper()
	c := newCaller(t, emulator.Options{})
	conn, err := grpc.NewClient("passthrough:///pubsub",
		grpc.WithContextDialer(c.emulator.PubSubDialer()), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	b := &bus{caller: c, api: pubsub.NewPubSubClient(conn), schemas: map[string]*goavro.Codec{}}
	b.tool("PlatformEventChannel", "Lockstep__chn", map[string]string{"channelType": "data", "label": "Lockstep"})
	b.tool("PlatformEventChannelMember", "Lockstep_UserServicePresenceChangeEvent",
		map[string]string{"eventChannel": "Lockstep__chn", "selectedEntity": "UserServicePresenceChangeEvent", "filterExpression": guideFilter})
	b.tool("PlatformEventChannelMember", "ChangeEvents_UserServicePresenceChangeEvent",
		map[string]string{"eventChannel": "ChangeEvents", "selectedEntity": "UserServicePresenceChangeEvent"})
	return b
}

// tool creates a component over the Tooling API.
func (b *bus) tool(kind, fullName string, values map[string]string) {
	b.t.Helper()
	body, _ := json.Marshal(map[string]any{"FullName": fullName, "Metadata": values})
	status, answer, err := b.send(http.MethodPost, b.base+"/services/data/v67.0/tooling/sobjects/"+kind, string(body), "application/json")
	if err != nil || status != http.StatusCreated {
		b.t.Fatalf("create %s: %d %s %v", fullName, status, answer, err)
	}
}

// ctx carries the metadata of a call.
func (b *bus) ctx() context.Context {
	return metadata.AppendToOutgoingContext(b.t.Context(), "accesstoken", b.token, "instanceurl", b.base, "tenantid", tenant.AcmeOrganizationID)
}

func (b *bus) set(username string, statuses ...string) {
	b.t.Helper()
	for _, s := range statuses {
		if err := b.emulator.Org.SetPresence(username, s); err != nil {
			b.t.Fatal(err)
		}
	}
}

// A stream is one subscription.
type stream struct {
	*bus
	grpc.BidiStreamingClient[pubsub.FetchRequest, pubsub.FetchResponse]
	cursor  []byte // the newest place heard of
	pending int32
}

func (b *bus) subscribe(first *pubsub.FetchRequest) *stream {
	b.t.Helper()
	s, err := b.api.Subscribe(b.ctx())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := s.Send(first); err != nil {
		b.t.Fatal(err)
	}
	return &stream{bus: b, BidiStreamingClient: s}
}

// latest subscribes from now on, and waits in its bubble until the service
// listens.
func (b *bus) latest(topic string) *stream {
	b.t.Helper()
	s := b.subscribe(&pubsub.FetchRequest{TopicName: topic, NumRequested: 100})
	synctest.Wait()
	return s
}

// next is what the next answer says, one line an event, none if it only says
// that the stream is alive; or how the stream ended.
func (s *stream) next() []string {
	s.t.Helper()
	response, err := s.Recv()
	if err != nil {
		return []string{s.refusal(err)}
	}
	if newest := response.GetLatestReplayId(); binary.BigEndian.Uint64(newest) <= place(s.cursor) {
		s.t.Errorf("the stream is at %x after %x", newest, s.cursor)
	}
	s.cursor, s.pending = response.GetLatestReplayId(), response.GetPendingNumRequested()
	lines := []string{}
	for _, e := range response.GetEvents() {
		lines = append(lines, s.describe(e))
	}
	return lines
}

// take reads answers until there were n lines.
func (s *stream) take(n int) []string {
	s.t.Helper()
	var lines []string
	for len(lines) < n {
		lines = append(lines, s.next()...)
	}
	return lines
}

func place(id []byte) uint64 {
	if len(id) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(id)
}

// refusal is the code of the bus in the trailer, or what the transport said.
func (s *stream) refusal(err error) string {
	if code := s.Trailer().Get("error-code"); len(code) == 1 {
		return strings.TrimPrefix(code[0], "sfdc.platform.eventbus.grpc.")
	}
	return status.Code(err).String()
}

func (b *bus) codec(id string) *goavro.Codec {
	b.t.Helper()
	if held := b.schemas[id]; held != nil {
		return held
	}
	info, err := b.api.GetSchema(b.ctx(), &pubsub.SchemaRequest{SchemaId: id})
	if err != nil {
		b.t.Fatal(err)
	}
	codec, err := goavro.NewCodec(info.GetSchemaJson())
	if err != nil {
		b.t.Fatal(err)
	}
	b.schemas[id] = codec
	return codec
}

// describe reads an event with a codec that nobody here wrote.
func (b *bus) describe(e *pubsub.ConsumerEvent) string {
	b.t.Helper()
	codec := b.codec(e.GetEvent().GetSchemaId())
	native, rest, err := codec.NativeFromBinary(e.GetEvent().GetPayload())
	if err != nil || len(rest) != 0 {
		b.t.Fatalf("event: %v, %d bytes too many", err, len(rest))
	}
	record := native.(map[string]any)
	header := record["ChangeEventHeader"].(map[string]any)
	delete(record, "ChangeEventHeader")
	var filled []string
	for _, name := range slices.Sorted(maps.Keys(record)) {
		if record[name] != nil {
			filled = append(filled, name)
		}
	}
	line := header["changeType"].(string)
	if current, ok := record["IsCurrentState"].(map[string]any); ok {
		line += fmt.Sprint(" current=", current["boolean"])
	}
	changed := header["changedFields"].([]any)
	if len(changed) == 0 {
		return line + fmt.Sprint(" with ", len(filled))
	}
	names := named(codec, changed[0].(string))
	if diff := cmp.Diff(names, filled); diff != "" {
		b.t.Error("an update carries what changed and nothing else: -changed +filled:\n" + diff)
	}
	return line + " " + strings.Join(names, " ")
}

// named reads a bitmap as the vendor's own clients do: the lowest bit is the
// schema's first field.
func named(codec *goavro.Codec, bitmap string) []string {
	var schema struct {
		Fields []struct{ Name string }
	}
	_ = json.Unmarshal([]byte(codec.Schema()), &schema)
	bits, _ := new(big.Int).SetString(strings.TrimPrefix(bitmap, "0x"), 16)
	var names []string
	for i, f := range schema.Fields {
		if bits.Bit(i) == 1 {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}
