package salesforce

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

const (
	deployPath = "/services/data/v67.0/metadata/deployRequest"
	deployID   = "0Af5g00000AAAAAAA4"
)

func deployed(status, more string) string {
	return `{"id":"` + deployID + `","deployResult":{"id":"` + deployID + `","status":"` + status + `"` + more + `}}`
}

func TestDeploySendsAPackage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := map[string]string{}
		var options string
		d := newDesk(map[string]http.HandlerFunc{
			deployPath: func(w http.ResponseWriter, r *http.Request) {
				files, options = openForm(t, r)
				says(201, deployed("Pending", ""))(w, r)
			},
			deployPath + "/" + deployID: inTurns(says(200, deployed("InProgress", "")), says(200, deployed("Finalizing", "")),
				says(200, deployed("Succeeded", `,"success":true,"details":{"componentSuccesses":[{"componentType":"","fullName":"package.xml","success":true},{"componentType":"ServicePresenceStatus","fullName":"On_Break","success":true,"created":true}]}`))),
		})
		c := d.connect()
		result, err := c.Deploy(schema.For(t.Context(), schema.Writing), Package{
			Components: []Component{
				{Type: "ServicePresenceStatus", FullName: "On_Break", Body: Element("", Leaf("label", "On Break"))},
				{Type: "Profile", FullName: "Custom%3A Support Profile", Body: Element("")},
				{Type: "OmniChannelSettings", FullName: "OmniChannel", Body: Element("", Leaf("enableOmniChannel", "true"))},
				{Type: "AuraDefinitionBundle", FullName: "bridge", Files: []File{{"bridge.cmp", []byte("<aura/>")}, {"bridgeController.js", []byte("({})")}}},
			},
			Destructive: []Member{{"ServicePresenceStatus", "Old_Lunch"}},
		}, DeployOptions{CheckOnly: true})
		if err != nil || result.Err() != nil {
			t.Fatal(err, result.Err())
		}
		want := map[string]string{
			"servicePresenceStatuses/On_Break.servicePresenceStatus": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ServicePresenceStatus xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <label>On Break</label>\n</ServicePresenceStatus>\n",
			"profiles/Custom%3A Support Profile.profile":             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Profile xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n</Profile>\n",
			"settings/OmniChannel.settings":                          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OmniChannelSettings xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <enableOmniChannel>true</enableOmniChannel>\n</OmniChannelSettings>\n",
			"aura/bridge/bridge.cmp":                                 "<aura/>",
			"aura/bridge/bridgeController.js":                        "({})",
			"package.xml":                                            string(manifest([]Member{{"AuraDefinitionBundle", "bridge"}, {"Profile", "Custom%3A Support Profile"}, {"ServicePresenceStatus", "On_Break"}, {"Settings", "OmniChannel"}}, "67.0")),
			"destructiveChangesPost.xml":                             string(manifest([]Member{{"ServicePresenceStatus", "Old_Lunch"}}, "67.0")),
		}
		if diff := cmp.Diff(want, files); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if options != `{"deployOptions":{"checkOnly":true,"ignoreWarnings":false,"rollbackOnError":true,"singlePackage":true}}` {
			t.Errorf("options %s", options)
		}
		if diff := cmp.Diff(schema.Calls{Writing: 1, Polling: 3, SignIn: 2}, c.Calls()); diff != "" {
			t.Errorf("calls (-want +got)\n%s", diff)
		}
	})
}

// openForm reads a deploy's two parts and its archive.
func openForm(t *testing.T, r *http.Request) (files map[string]string, options string) {
	t.Helper()
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	part, err := form.File["file"][0].Open()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range archive.File {
		text, err := archive.Open(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(text)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
	}
	return files, form.Value["entity_content"][0]
}

func TestPackagesAreDeterministic(t *testing.T) {
	a := Component{Type: "Profile", FullName: "A", Body: Element("")}
	b := Component{Type: "PermissionSet", FullName: "B", Body: Element("")}
	first, err := Package{Components: []Component{a, b}}.archive("67.0")
	if err != nil {
		t.Fatal(err)
	}
	second, err := Package{Components: []Component{b, a}}.archive("67.0")
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same package in another order gives other bytes: %v", err)
	}
	if _, err := (Package{Components: []Component{{Type: "Nonsense"}}}).archive("67.0"); err == nil {
		t.Error("a type without a folder was packed")
	}
}

func TestDeployResults(t *testing.T) {
	const failure = `,"success":false,"details":{"componentFailures":[{"componentType":"ServicePresenceStatus","fullName":"A%26B","success":false,"problem":"Value 'voice' is not valid","problemType":"Error","lineNumber":3,"columnNumber":7}]}`
	tests := map[string]struct {
		reason, status, more string
		want, problem        string
	}{
		"failed":        {"one component is at fault", "Failed", failure, "deploy " + deployID + ": Failed: ServicePresenceStatus A%26B (3:7): Value 'voice' is not valid", "Value 'voice' is not valid"},
		"partial":       {"never asked for; what failed is told", "SucceededPartial", strings.Replace(failure, "false", "true", 1), "SucceededPartial", "Value 'voice' is not valid"},
		"as a whole":    {"no component is at fault", "Failed", `,"success":false,"errorStatusCode":"UNKNOWN_EXCEPTION","errorMessage":"boom"`, "Failed: UNKNOWN_EXCEPTION: boom", ""},
		"canceled":      {"somebody stopped it", "Canceled", `,"success":false`, "Canceled without a reason", ""},
		"contradiction": {"not trusted", "Succeeded", `,"success":false`, "Succeeded without a reason", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(map[string]http.HandlerFunc{
					deployPath: says(201, deployed("Pending", "")), deployPath + "/" + deployID: says(200, deployed(tt.status, tt.more)),
				})
				result, err := d.connect().Deploy(t.Context(), Package{}, DeployOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got := result.Err(); got == nil || !strings.Contains(got.Error(), tt.want) {
					t.Errorf("%s: %v", tt.reason, got)
				}
				problem := result.Problem(Member{"ServicePresenceStatus", "A%26B"})
				if (problem == nil) != (tt.problem == "") || problem != nil && !strings.Contains(problem.Error(), tt.problem) {
					t.Errorf("%s: problem %v", tt.reason, problem)
				}
				if other := result.Problem(Member{"Profile", "A%26B"}); other != nil {
					t.Errorf("another component is at fault: %v", other)
				}
			})
		})
	}
}

func TestDeletionRefusedWithoutAType(t *testing.T) {
	result := DeployResult{Messages: []DeployMessage{{FullName: "Old_Lunch", FileName: "destructiveChangesPost.xml", Problem: "is referenced elsewhere"}}}
	if problem := result.Problem(Member{"ServicePresenceStatus", "Old_Lunch"}); problem == nil {
		t.Error("the message is about the status, whatever its type")
	}
	if problem := result.Problem(Member{"ServicePresenceStatus", "Lunch"}); problem != nil {
		t.Errorf("the message is about another: %v", problem)
	}
}

func TestDeployWhoseEndIsNotKnown(t *testing.T) {
	tests := map[string]struct {
		reason     string
		post, poll http.HandlerFunc
		posts      int
		unclear    bool
		want       string
	}{
		"lost post":   {"never sent again", says(502, ""), nil, 1, true, "it may have been carried out"},
		"no id":       {"it runs, and we cannot ask", says(201, `{}`), nil, 1, true, "no deploy Id"},
		"refused":     {"it does not run", says(403, `[{"errorCode":"INSUFFICIENT_ACCESS","message":"x"}]`), nil, 1, false, "INSUFFICIENT_ACCESS"},
		"throttled":   {"refused before anything was done", inTurns(says(429, ""), says(403, `[{"errorCode":"X","message":"x"}]`)), nil, 2, false, "403 X"},
		"lost polls":  {"it goes on", says(201, deployed("Pending", "")), says(503, ""), 1, true, "deploy " + deployID + " goes on at salesforce"},
		"never ends":  {"waiting is bounded", says(201, deployed("Pending", "")), says(200, deployed("InProgress", "")), 1, true, "not ended after 30m0s"},
		"odd answers": {"not an end", says(201, deployed("Pending", "")), says(200, `{}`), 1, true, "not ended after 30m0s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(map[string]http.HandlerFunc{deployPath: tt.post, deployPath + "/" + deployID: tt.poll})
				// What a caller said about its own requests is not about this one.
				_, err := d.connect().Deploy(rest.Repeatable(t.Context()), Package{}, DeployOptions{})
				if err == nil || !strings.Contains(err.Error(), tt.want) || rest.IsUnclear(err) != tt.unclear {
					t.Errorf("%s: unclear %t: %v", tt.reason, rest.IsUnclear(err), err)
				}
				if posts := d.count(deployPath); posts != tt.posts {
					t.Errorf("%s: sent %d times", tt.reason, posts)
				}
			})
		})
	}
}

func TestCanceledDeployIsStatedClearly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(map[string]http.HandlerFunc{
			deployPath: says(201, deployed("Pending", "")), deployPath + "/" + deployID: says(200, deployed("InProgress", "")),
		})
		cause := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { cancel(cause) })
		_, err := d.connect().Deploy(ctx, Package{}, DeployOptions{})
		const want = "GET metadata/deployRequest/" + deployID + ": deploy " + deployID + " goes on at salesforce and was not waited for to its end: " +
			"interrupted: look at it under Setup, Deployment Status, then plan again (it may have been carried out all the same)"
		if err == nil || err.Error() != want || !errors.Is(err, cause) || !rest.IsUnclear(err) {
			t.Errorf("%v", err)
		}
	})
}

func FuzzDeployResult(f *testing.F) {
	f.Add([]byte(deployed("Failed", `,"details":{"componentFailures":[{"problem":"x"}]}`)))
	f.Add([]byte(`{"deployResult":{"details":{"componentFailures":{}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var answer struct {
			Result wireResult `json:"deployResult"`
		}
		if json.Unmarshal(body, &answer) != nil {
			return
		}
		r := answer.Result.result("x")
		if !r.Success && r.Err() == nil {
			t.Error("a failed deploy without an error")
		}
	})
}
