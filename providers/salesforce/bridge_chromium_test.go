package salesforce_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"testing"
)

// bridgePage runs the scripts and writes down what became of them. The text
// that a script tag holds must not end it, which JSON's escapes see to.
const bridgePage = `<!DOCTYPE html><html><head><meta charset="utf-8"><title>Console</title></head><body>
<script src="console.js"></script>
<script>
runScripts(SCRIPTS, SOURCES).then(JSON.stringify, String).then((text) => {
    document.body.replaceChildren(Object.assign(document.createElement("pre"), { id: "results", textContent: text }));
});
</script></body></html>`

// The component's source in Chromium: every tab a frame with its own realm and
// timers, the storage the browser's. The browser's clock is virtual, so that
// nothing is waited for.
func TestBridgeInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("Chromium takes a while")
	}
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		t.Skip("no Chromium here: install the package chromium")
	}
	page := bridgePageWith(t)
	console := bridgeFile(t, "testdata", "bridge", "console.js")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/console.js" {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write([]byte(console))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	}))
	defer server.Close()

	// In containers Chromium cannot make the sandbox that it would put a page
	// into; this page is ours.
	command := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=10000000", "--dump-dom", server.URL+"/")
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	found := regexp.MustCompile(`(?s)<pre id="results">(.*?)</pre>`).FindSubmatch(output)
	if found == nil {
		t.Fatalf("the page came to no end: %s", output)
	}
	text := html.UnescapeString(string(found[1]))
	var results map[string]bridgeResult
	if err := json.Unmarshal([]byte(text), &results); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	checkBridge(t, results)
}

func bridgePageWith(t *testing.T) string {
	t.Helper()
	var scripts any
	if err := json.Unmarshal([]byte(bridgeFile(t, "testdata", "bridge", "scripts.json")), &scripts); err != nil {
		t.Fatal(err)
	}
	page := bridgePage
	for name, value := range map[string]any{"SCRIPTS": scripts, "SOURCES": bridgeSources(t)} {
		encoded, err := json.Marshal(value) // writes < as \u003c
		if err != nil {
			t.Fatal(err)
		}
		page = regexp.MustCompile(`\b`+name+`\b`).ReplaceAllLiteralString(page, string(encoded))
	}
	return page
}
