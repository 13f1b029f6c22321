package emulator

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// startPubSub serves the Pub/Sub API on a port of its own: gRPC both without
// encryption and with TLS, because some clients know no other way. The
// certificate is nobody's, so that a client must be told not to ask whose it is.
func (s *Server) startPubSub(ctx context.Context, addr string) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	s.pubsub = s.emulator.newPubSub(s.isInstance, grpc.Creds(eitherWay()))
	s.running.Go(func() { _ = s.pubsub.Serve(listener) }) // ends when the server is stopped
	return "http://" + listener.Addr().String(), nil
}

// isInstance reports whether a URL is the org's, by whatever name of this
// machine. Some clients insist on https, which every real org has and this one
// has not; nothing is fetched from there.
func (s *Server) isInstance(given string) bool {
	got, err := url.Parse(given)
	want, _ := url.Parse(s.SalesforceURL) // made by us
	if err != nil || got.Scheme != "http" && got.Scheme != "https" || got.Port() != want.Port() || got.Path != "" {
		return false
	}
	return isLocal(got.Hostname())
}

// eitherWay accepts TLS from a client that begins with it.
func eitherWay() credentials.TransportCredentials {
	certificate := sync.OnceValues(selfSigned)
	return &sniffing{
		TransportCredentials: insecure.NewCredentials(),
		encrypted: credentials.NewTLS(&tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate() },
		}),
	}
}

// sniffing looks at the first byte that a client sends.
type sniffing struct {
	credentials.TransportCredentials // without encryption
	encrypted                        credentials.TransportCredentials
}

// tlsHandshake is the first byte of TLS; HTTP/2 begins with "PRI".
const tlsHandshake = 0x16

// ServerHandshake begins a connection the way that its client does.
func (s *sniffing) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn := &peeked{Conn: raw, reader: bufio.NewReader(raw)}
	first, err := conn.reader.Peek(1)
	if err != nil {
		return nil, nil, fmt.Errorf("first byte: %w", err)
	}
	if first[0] == tlsHandshake {
		return s.encrypted.ServerHandshake(conn)
	}
	return s.TransportCredentials.ServerHandshake(conn)
}

// Clone is for gRPC.
func (s *sniffing) Clone() credentials.TransportCredentials {
	return &sniffing{TransportCredentials: s.TransportCredentials.Clone(), encrypted: s.encrypted.Clone()}
}

// peeked is a connection of which something was read already.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.reader.Read(b) }

// selfSigned makes a certificate for this machine.
func selfSigned() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
