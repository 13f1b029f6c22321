package history

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

func TestNames(t *testing.T) {
	names := NamesOf([]mirror.Known{
		{Key: "1+a", Name: "Ana López", Login: "ana@acme.example", User: "ana@acme.example.uat"},
		{Key: "2+b", Name: "Ben Ito", User: "ben@acme.example.uat"},
		{Key: "3+c", Name: "Carla Rossi", Email: "carla@acme.example"},
		{Key: "4+d", Name: "two have this name, so no command takes it"},
	})
	got := []string{names.Of("1+a"), names.Of("2+b"), names.Of("3+c"), names.Of("4+d"), names.Of("5+e"), Names(nil).Of("1+a"), names.Of("")}
	want := []string{"ana@acme.example", "ben@acme.example.uat", "carla@acme.example", "4+d", "5+e", "1+a", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
