package salesforce

import (
	"net"
	"syscall"
	"testing"

	"google.golang.org/grpc/credentials/insecure"
)

// A connection to the Pub/Sub API is probed, whoever dialled it.
func TestConnectionsAreProbed(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := (&net.Dialer{KeepAlive: -1}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, _, err := (probed{insecure.NewCredentials()}).Clone().ClientHandshake(t.Context(), "x", conn); err != nil {
		t.Fatal(err)
	}
	for name, option := range map[string]struct{ level, option, want int }{
		"on":       {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		"idle":     {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 30},
		"interval": {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 10},
		"count":    {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3},
	} {
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var got int
		var refused error
		err = raw.Control(func(fd uintptr) { got, refused = syscall.GetsockoptInt(int(fd), option.level, option.option) })
		if err != nil || refused != nil || got != option.want {
			t.Errorf("%s: %d, want %d (%v, %v)", name, got, option.want, err, refused)
		}
	}
}
