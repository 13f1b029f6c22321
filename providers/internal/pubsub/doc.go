// Package pubsub holds the messages and stubs of Salesforce's Pub/Sub API
// (gRPC service eventbus.v1.PubSub), generated from pubsub.proto.
//
// It is shared by the subscriber and by the emulator and for nothing else: no
// connection, no Avro and no rule of the service lives here.
package pubsub
