package salesforce

import (
	"slices"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestBook(t *testing.T) {
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	b := newBook()
	if user, last := b.end("r0", at(1)); user != "" || !last {
		t.Error("an unknown record may be anybody's last")
	}
	for range 2 {
		if !b.begin("ana", "r1", at(10)) {
			t.Error("told twice, a current interval is current still")
		}
	}
	if !b.begin("ana", "r2", at(10)) {
		t.Error("in the same second the later message counts")
	}
	if b.begin("ana", "r1", at(10)) {
		t.Error("told again, the one before is not current any more")
	}
	if user, last := b.end("r1", at(10)); user != "ana" || last {
		t.Error("the end of the one before is no logout")
	}
	if b.begin("ana", "r0", at(5)) || b.owner("r0") != "ana" {
		t.Error("an older one that comes late is known, and not current")
	}
	if user, last := b.end("r2", at(20)); user != "ana" || !last || !b.left("ana").Equal(at(20)) {
		t.Error("the end of the last one may be a logout, and when it was is known")
	}
	if len(b.present()) != 0 || b.begin("ana", "r2", at(10)) {
		t.Error("an interval that has ended is not current when it is told again")
	}
	for i := range 100 {
		b.begin("ana", "r"+string(rune('a'+i)), at(30+int64(i)))
	}
	if len(b.records) != 2 || !slices.Equal(b.present(), []string{"ana"}) || !b.left("ana").IsZero() {
		t.Errorf("%d records are remembered", len(b.records))
	}
	b.gone("ana")
	b.gone("nobody")
	if len(b.present()) != 0 || !b.left("ana").IsZero() || len(b.seen()) != 1 {
		t.Error("gone, nobody knows since when")
	}
}

// A stream that goes on after a reading tells once more of what was before it.
func TestBookReplayed(t *testing.T) {
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	b := newBook()
	b.begin("ana", "r1", at(10))
	b.holds("ana", "r3", at(20))
	if b.begin("ana", "r2", at(20)) {
		t.Error("what was read is the later of two that began in the same second")
	}
	if !b.begin("ana", "r3", at(20)) {
		t.Error("what was read is current still when the stream comes to it")
	}
	if user, last := b.end("r2", at(20)); user != "ana" || !last {
		t.Error("which of the two is the later is not sure, so that the end of either may be a logout")
	}
	if user, last := b.end("r3", at(30)); user != "ana" || !last {
		t.Error("a logout after a replay is one")
	}
}

func TestBridgeNamesTheTopic(t *testing.T) {
	o := schema.NewObject(&presenceBridge.Kind)
	o.Set("channel", schema.String("/u/Own"))
	o.Set("event_channel", schema.String("Own__chn"))
	p := NewPresence(nil, BridgeFrom(o))
	if p.topic() != "/data/Own__chn" || p.bridge.Stream != "/u/Own" || !p.Bridged() {
		t.Errorf("topic %s, %+v", p.topic(), p.bridge)
	}
	if p := NewPresence(nil, nil); p.topic() != "/data/UserServicePresenceChangeEvent" || p.Bridged() {
		t.Errorf("topic %s", p.topic())
	}
}
