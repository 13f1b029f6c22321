package emulator_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

// What the service says of topics.
func TestGetTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		look := func(topic string) string {
			info, err := b.api.GetTopic(b.ctx(), &pubsub.TopicRequest{TopicName: topic})
			if err != nil {
				return status.Code(err).String()
			}
			if info.GetTopicName() != topic || info.GetRpcId() == "" || info.GetTenantGuid() == "" {
				t.Errorf("%v", info)
			}
			return fmt.Sprint("subscribe=", info.GetCanSubscribe(), " publish=", info.GetCanPublish(), " schema=", info.GetSchemaId() != "")
		}
		got := []string{look(ownTopic), look(ownChannel), look(allTopic), look("/data/lockstep__chn")}
		b.emulator.Org.Deny("ViewAllData")
		got = append(got, look(ownTopic), look(ownChannel))
		want := []string{
			"subscribe=true publish=false schema=true",
			"subscribe=true publish=false schema=false", // of many entities: no one schema
			"subscribe=true publish=false schema=false",
			"NotFound",
			"subscribe=false publish=false schema=true",
			"subscribe=true publish=false schema=false", // and then hears nothing
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
	})
}

// Calls that this org cannot serve say which.
func TestUnserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		publish := func(topic string) string {
			var trailer metadata.MD
			_, err := b.api.Publish(b.ctx(), &pubsub.PublishRequest{TopicName: topic}, grpc.Trailer(&trailer))
			return status.Code(err).String() + " " + strings.Join(trailer.Get("error-code"), ",")
		}
		stream, err := b.api.PublishStream(b.ctx())
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		managed, openErr := b.api.ManagedSubscribe(b.ctx())
		if openErr != nil {
			t.Fatal(openErr)
		}
		_, managedErr := managed.Recv()
		_, schemaErr := b.api.GetSchema(b.ctx(), &pubsub.SchemaRequest{SchemaId: "nothing"})
		got := []string{
			publish("/event/Nothing__e"), publish(ownTopic),
			status.Code(err).String(), status.Code(managedErr).String(), status.Code(schemaErr).String(),
		}
		const root = "sfdc.platform.eventbus.grpc."
		want := []string{
			"NotFound " + root + "topic.not.found", "PermissionDenied " + root + "publish.topic.cannot.publish",
			codes.Unimplemented.String(), codes.Unimplemented.String(), codes.NotFound.String(),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
	})
}

// A field more is another schema; events of before keep theirs.
func TestSchemaChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		b.set(ana, "Away")
		if err := b.emulator.Org.AddField("UserServicePresence", "Desk__c"); err != nil {
			t.Fatal(err)
		}
		b.set(ben, "Away")
		s := b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 100, ReplayPreset: pubsub.ReplayPreset_EARLIEST})
		if got := s.take(2); len(got) != 2 { // which reads each under its own schema
			t.Errorf("%v", got)
		}
		var withDesk []bool
		for _, codec := range b.schemas {
			withDesk = append(withDesk, strings.Contains(codec.Schema(), "Desk__c"))
		}
		if len(withDesk) != 2 || withDesk[0] == withDesk[1] {
			t.Errorf("%d schemas were asked for, with the new field: %v", len(withDesk), withDesk)
		}
	})
}

// The same service on a port, without encryption and with TLS, and there with
// the address that the org has there.
func TestPubSubPort(t *testing.T) {
	_, server := listen(t, tenant.Acme())
	c := &caller{t: t, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, base: server.SalesforceURL}
	c.signIn()
	anyones := credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	elsewhere := strings.Replace(server.SalesforceURL, "127.0.0.1", "example.com", 1)
	tests := map[string]struct {
		creds       credentials.TransportCredentials
		instanceURL string
		want        codes.Code
		reason      string
	}{
		"Plain":     {insecure.NewCredentials(), server.SalesforceURL, codes.OK, "what the environment names"},
		"TLS":       {anyones, server.SalesforceURL, codes.OK, "for clients that know no other way"},
		"Verified":  {credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12}), server.SalesforceURL, codes.Unavailable, "the certificate is nobody's"},
		"Localhost": {insecure.NewCredentials(), strings.Replace(server.SalesforceURL, "127.0.0.1", "localhost", 1), codes.OK, "another name of this machine"},
		"Elsewhere": {insecure.NewCredentials(), elsewhere, codes.Unauthenticated, "another org's"},
		"OtherPort": {insecure.NewCredentials(), server.CXoneURL, codes.Unauthenticated, "not the org's"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			conn, err := grpc.NewClient(strings.TrimPrefix(server.PubSubURL, "http://"), grpc.WithTransportCredentials(tc.creds))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			ctx := metadata.AppendToOutgoingContext(t.Context(), "accesstoken", c.token, "instanceurl", tc.instanceURL, "tenantid", tenant.AcmeOrganizationID)
			_, err = pubsub.NewPubSubClient(conn).GetTopic(ctx, &pubsub.TopicRequest{TopicName: ownTopic})
			if status.Code(err) != tc.want {
				t.Errorf("%s: got %v, want %s", tc.reason, err, tc.want)
			}
		})
	}
}

// In process no session outlives its end, however long a stream is open.
func TestSessionEndsOnStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		s, began := b.latest(allTopic), time.Now()
		var got []string
		for len(got) == 0 {
			got = s.next()
		}
		if diff := cmp.Diff([]string{"service.auth.error"}, got); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
		if took := time.Since(began); took < 2*time.Hour || took > 2*time.Hour+270*time.Second {
			t.Errorf("after %s, want when the session had been idle for two hours", took)
		}
	})
}
