package emulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// TestConsoleFaults pushes three commands to a console, the second of which has
// a mishap on its way. The sender is told that all of them arrived.
func TestConsoleFaults(t *testing.T) {
	tests := map[string]struct {
		fault emulator.Fault
		told  []string
	}{
		"none":                     {emulator.Fault{Kind: emulator.StreamLoss}, []string{"1", "2", "3"}},
		"lost":                     {emulator.Fault{Kind: emulator.ConsoleLoss}, []string{"1", "3"}},
		"twice":                    {emulator.Fault{Kind: emulator.ConsoleDuplicate}, []string{"1", "2", "2", "3"}},
		"late":                     {emulator.Fault{Kind: emulator.ConsoleDelay, Delay: time.Second}, []string{"1", "3", "2"}},
		"after the next":           {emulator.Fault{Kind: emulator.ConsoleReorder}, []string{"1", "3", "2"}},
		"another channel's is not": {emulator.Fault{Kind: emulator.ConsoleLoss, Path: "/u/other"}, []string{"1", "2", "3"}},
	}
	for why, test := range tests {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, emulator.Options{})
				org := c.emulator.Org
				org.AddStreamingChannel("/u/lockstep")
				var mu sync.Mutex
				var told []string
				stop, err := org.Listen("ana.lopez@acme.example", "/u/lockstep", func(m salesforce.Message) {
					mu.Lock()
					defer mu.Unlock()
					told = append(told, m.Payload)
				})
				if err != nil {
					t.Fatal(err)
				}
				defer stop()
				test.fault.Contains = "2"
				if err := c.emulator.Fault(test.fault); err != nil {
					t.Fatal(err)
				}
				channel := org.Records("StreamingChannel")[0]["Id"].(string)
				for _, payload := range []string{"1", "2", "3"} {
					body, _ := json.Marshal(map[string]any{"pushEvents": []any{map[string]any{"payload": payload, "userIds": []string{org.UserID("ana.lopez@acme.example")}}}})
					_, answer, err := c.send(http.MethodPost, c.base+"/services/data/v67.0/sobjects/StreamingChannel/"+channel+"/push", string(body), "application/json")
					if err != nil || !strings.Contains(answer, `"fanoutCount":1`) {
						t.Errorf("push: %s %v", answer, err)
					}
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				if diff := cmp.Diff(test.told, told); diff != "" {
					t.Error("what the console was told: -want +got:\n" + diff)
				}
			})
		})
	}
}
