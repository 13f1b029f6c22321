package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// run is the command line itself: it returns the exit status and leaves what
// was written in w.out and w.err.
func (w *world) run(args ...string) int {
	w.t.Helper()
	w.out.Reset()
	w.err.Reset()
	return Main(append([]string{"-chdir=" + w.chdir}, args...), w.Process)
}

// said is all that was written, with the bars and line breaks of diagnostics
// taken out, so that a sentence can be looked for.
func (w *world) said() string {
	text := strings.ReplaceAll(w.out.String()+"\n"+w.err.String(), "│", "")
	return strings.Join(strings.Fields(text), " ")
}

// wantSaid wants each of the texts, and nothing that a Go program says when it
// breaks.
func (w *world) wantSaid(texts ...string) {
	w.t.Helper()
	said := w.said()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			w.t.Errorf("does not say %q:\n%s%s", text, w.out, w.err)
		}
	}
	for _, text := range []string{"panic", "goroutine ", "%!", "0xc0"} {
		if strings.Contains(said, text) {
			w.t.Errorf("says %q:\n%s%s", text, w.out, w.err)
		}
	}
}

// wrong is a file with a mistake and what is said about it.
type wrong struct {
	why  string
	text string
	says []string
}

const twoRows = `
presence_status "Chats" {
	channels = ["sfdc_livemessage"]
}
presence_status "Lunch" {
	option = "busy"
}
unavailable_code "Wrap" {
	acw = true
}
presence_rule "R" {
	teams = ["Support"]
`

const aMapping = `
account_mapping "m" {
	access_key_user = "presence-sync@acme.example"
	salesforce_environment {
		name          = "Acme"
		username      = "admin@acme.example"
		password      = secret("env:CXONE_ACCESS_KEY_SECRET")
		client_id     = "key"
		client_secret = secret("env:CXONE_ACCESS_KEY_SECRET")
`

func wrongLanguage() []wrong {
	return []wrong{
		{"a quotation mark is missing", "presence_status \"A\" {\n\toption = \"busy\n}\n", []string{"main.hcl line 2", "No closing marker was found"}},
		{"a brace is missing", "presence_status \"A\" {\n", []string{"main.hcl line 1", "no closing brace"}},
		{"a brace is too many", "locals {}\n}\n", []string{"main.hcl line 2"}},
		{"an argument stands alone", "option = \"busy\"\n", []string{"Argument outside a block", "main.hcl line 1"}},
		{"an unknown block", "presence_state \"A\" {}\n", []string{"Unknown block", `Did you mean "presence_status"?`}},
		{"an unknown argument", "presence_status \"A\" {\n\toptoin = \"busy\"\n}\n", []string{"Unknown argument", "main.hcl line 2", `Did you mean "option"?`}},
		{"an unknown provider", "provider \"salesforc\" {}\n", []string{"Unknown provider", `Did you mean "salesforce"?`}},
		{"a required argument is left out", "agent_access \"A\" {}\n", []string{"Missing argument", `"users" is required`}},
		{"a text for a list", "presence_status \"A\" {\n\tchannels = \"Cases\"\n}\n", []string{"Wrong type", "Put it in brackets"}},
		{"a list for a text", "presence_status \"A\" {\n\tlabel = [\"x\"]\n}\n", []string{"Wrong type", "takes a string"}},
		{"a word that is none", "presence_status \"A\" {\n\toption = \"onlin\"\n}\n", []string{`one of "online"`, `Did you mean "online"?`}},
		{"a reference with a typo", "presence_status \"Lunch\" {}\nprofile_access \"Support Agent\" {\n\tstatuses = [presence_status.Lunhc]\n}\n",
			[]string{"Reference to a block that is not there", "main.hcl line 3", `Did you mean "Lunch"?`}},
		{"a reference to another kind", "unavailable_code \"Lunch\" {}\nprofile_access \"Support Agent\" {\n\tstatuses = [unavailable_code.Lunch]\n}\n",
			[]string{"Reference to the wrong kind", "object of kind presence_status"}},
		{"an attribute with a typo", "unavailable_code \"A\" {}\nunavailable_code \"B\" {\n\tname = \"${unavailable_code.A.nam}2\"\n}\n", []string{"Unknown attribute", `Did you mean "name"?`}},
		{"an undeclared variable", "presence_status \"A\" {\n\tlabel = var.lable\n}\nvariable \"label\" {\n\tdefault = \"x\"\n}\n", []string{"Undeclared variable", `Did you mean "label"?`}},
		{"a variable without a value", "variable \"label\" {\n\ttype = string\n}\n", []string{`"label"`, "-var"}},
		{"a rule of a variable is broken", "variable \"n\" {\n\ttype = number\n\tdefault = 3\n\tvalidation {\n\t\tcondition = var.n > 5\n\t\terror_message = \"n must be above five.\"\n\t}\n}\n",
			[]string{"Invalid value for a variable", "n must be above five."}},
		{"an unknown function", "presence_status \"A\" {\n\tlabel = uper(\"x\")\n}\n", []string{`no function named "uper"`, `Did you mean "upper"?`}},
		{"locals in a circle", "locals {\n\ta = local.b\n\tb = local.a\n}\n",
			[]string{"Cycle", "local.a", ":2) needs local.b", ":3) needs local.a", "Take one of the references out"}},
		{"blocks in a circle", "presence_status \"A\" {\n\tlabel = presence_status.B.label\n}\npresence_status \"B\" {\n\tlabel = presence_status.A.label\n}\n",
			[]string{"Cycle", "presence_status.A", ":2) needs presence_status.B", ":5) needs presence_status.A", "Take one of the references out"}},
		{"an address twice", "presence_status \"A\" {}\npresence_status \"A\" {}\n", []string{"Block declared twice", "main.hcl line 2", "already declared at"}},
		{"a key twice", "presence_status \"A\" {\n\tdeveloper_name = \"B\"\n}\npresence_status \"B\" {}\n", []string{"Key used twice", "already declared by presence_status.A"}},
		{"declared and removed", "presence_status \"A\" {}\nremoved {\n\tpresence_status = \"A\"\n}\n", []string{"Declared and removed", "Take one of the two out"}},
		{"a version that is not this one", "lockstep {\n\trequired_version = \">= 99\"\n}\n", []string{"Wrong version of Lockstep", "Install a version that fits"}},
	}
}

func wrongForEach() []wrong {
	return []wrong{
		{"a text", "unavailable_code \"A\" {\n\tfor_each = \"x\"\n}\n", []string{"Wrong value for for_each", "map, or a list or set of strings"}},
		{"null", "unavailable_code \"A\" {\n\tfor_each = null\n}\n", []string{"Wrong value for for_each", "Use an empty map"}},
		{"a secret, whose value would be in every address", "unavailable_code \"A\" {\n\tfor_each = toset([secret(\"env:CXONE_ACCESS_KEY_SECRET\")])\n\tname = each.key\n}\n",
			[]string{"Wrong value for for_each", "part of every address"}},
		{"two instances with one key", "unavailable_code \"A\" {\n\tfor_each = { a = \"x\", b = \"x\" }\n\tname = each.value\n}\n", []string{"Key used twice", `unavailable_code.A["a"]`}},
		{"two items with one key", "unavailable_code \"A\" {\n\tfor_each = { for k in [\"a\", \"b\"] : \"same\" => k }\n\tname = each.value\n}\n", []string{"Duplicate object key"}},
		{"each without for_each", "unavailable_code \"A\" {\n\tname = each.key\n}\n", []string{"No each here", "Add for_each to the block"}},
		{"a typo in each", "unavailable_code \"A\" {\n\tfor_each = toset([\"x\"])\n\tname = each.valu\n}\n", []string{"Unknown name", `Did you mean "value"?`}},
		{"all where one is meant", "unavailable_code \"A\" {\n\tfor_each = toset([\"x\"])\n\tname = each.key\n}\n" + twoRows + "both = [{ acd_state = unavailable_code.A, salesforce_status = presence_status.Lunch }]\n}\n",
			[]string{"Reference to all of for_each", `such as unavailable_code.A["x"]`}},
		{"an instance that is not there", "unavailable_code \"A\" {\n\tfor_each = toset([\"lunch\"])\n\tname = each.key\n}\n" + twoRows + "both = [{ acd_state = unavailable_code.A[\"lunhc\"], salesforce_status = presence_status.Lunch }]\n}\n",
			[]string{"Reference to an instance that is not there", `Did you mean "lunch"?`}},
		{"a key for a single block", twoRows + "both = [{ acd_state = unavailable_code.Wrap[\"x\"], salesforce_status = presence_status.Lunch }]\n}\n",
			[]string{"Reference to an instance that is not there", "Write unavailable_code.Wrap."}},
	}
}

// wrongValues are the checks of values that need no vendor.
func wrongValues() []wrong {
	name := func(name string) string { return "presence_status \"" + name + "\" {\n\tlabel = \"x\"\n}\n" }
	app := func(line string) string {
		all := "connected_app \"A\" {\n\tlabel = \"A\"\n\tscopes = [\"api\"]\n"
		for _, other := range []string{`contact_email = "a@acme.example"`, `callback_url = "https://acme.example/cb"`} {
			if argument, _, _ := strings.Cut(other, " "); !strings.HasPrefix(line, argument) {
				all += "\t" + other + "\n"
			}
		}
		return all + "\t" + line + "\n}\n"
	}
	return []wrong{
		{"a developer name starts with a digit", name("1A"), []string{"no developer name", "starts with a letter"}},
		{"two underscores", name("A__B"), []string{"no developer name", "no two underscores in a row"}},
		{"an underscore at the end", name("A_"), []string{"no developer name", "none at the end"}},
		{"a space", name("A B"), []string{"no developer name"}},
		{"a letter beyond ASCII", name("Aé"), []string{"no developer name"}},
		{"81 characters", name(strings.Repeat("A", 81)), []string{"has 81 characters", "at most 80"}},
		{"a busy status with channels", "presence_status \"A\" {\n\toption = \"busy\"\n\tchannels = [\"Cases\"]\n}\n", []string{"Busy status with channels", "Remove channels"}},
		{"an online status without", "presence_status \"A\" {\n\toption = \"online\"\n}\n", []string{"Online status without channels", "Add channels"}},
		{"16 characters are no organization ID", "provider \"salesforce\" {\n\torganization_id = \"00D5g00000ABCDEF\"\n}\n", []string{"no organization ID", "Company Information"}},
		{"18 characters with a wrong checksum", "provider \"salesforce\" {\n\torganization_id = \"00D5g00000ABCDEEAA\"\n}\n", []string{"no organization ID", "the right last three"}},
		{"the same in a mapping", aMapping + "email = \"a@acme.example\"\norganization_id = \"00D5g00000ABCDEF\"\n}\n}\n", []string{"organization ID"}},
		{"no e-mail address in a mapping", aMapping + "email = \"nobody\"\n}\n}\n", []string{"no e-mail address"}},
		{"no e-mail address in an app", app(`contact_email = "nobody"`), []string{"no e-mail address"}},
		{"a callback in the clear", app(`callback_url = "http://acme.example/cb"`), []string{"no https URL", "must be encrypted"}},
		{"a scope that is none", strings.Replace(app(""), `"api"`, `"fulll"`, 1), []string{"no OAuth scope", `Did you mean "full"?`}},
		{"an argument twice", "presence_status \"A\" {\n\tlabel = \"x\"\n\tlabel = \"y\"\n}\n", []string{"Attribute redefined", "main.hcl line 3"}},
		{"an API version below the least", "provider \"salesforce\" {\n\tapi_version = \"62.0\"\n}\npresence_status \"A\" {}\n", []string{"62.0 is too old", "below 65.0"}},
		{"an API version that is none", "provider \"salesforce\" {\n\tapi_version = \"latest\"\n}\npresence_status \"A\" {}\n", []string{`api_version "latest" is not of the form`}},
		{"an address for browsers", "provider \"salesforce\" {\n\tinstance_url = \"https://acme.lightning.force.com\"\n}\npresence_status \"A\" {}\n", []string{"for browsers", "use https://acme.my.salesforce.com"}},
		{"an address in the clear", "provider \"salesforce\" {\n\tinstance_url = \"http://acme.my.salesforce.com\"\n}\npresence_status \"A\" {}\n", []string{"http would send tokens in the clear"}},
		{"two ways to sign in", "provider \"salesforce\" {\n\taccess_token = env(\"SALESFORCE_CLIENT_SECRET\")\n\tclient_credentials {}\n}\npresence_status \"A\" {}\n", []string{"2 ways to sign in", "give one"}},
	}
}

func wrongRules() []wrong {
	rule := func(rows string) string { return twoRows + rows + "\n}\n" }
	return []wrong{
		{"one state twice in a table", rule("publisher = [\n{ acd_state = \"Available\", salesforce_status = presence_status.Chats },\n{ acd_state = \"Available\", salesforce_status = presence_status.Lunch },\n]"),
			[]string{"Duplicate source state", "already has a row for Available", "Remove one of them"}},
		{"a row of both counts for each table", rule("both = [{ acd_state = \"Available\", salesforce_status = presence_status.Chats }]\nsubscriber = [{ salesforce_status = presence_status.Chats, acd_state = \"Available\" }]"),
			[]string{"Duplicate source state", "a row of both counts for each table"}},
		{"an ACW code is no target", rule("subscriber = [{ salesforce_status = presence_status.Lunch, acd_state = unavailable_code.Wrap }]"),
			[]string{"State that cannot be set", "an ACW code", "Use Available, a code or previous"}},
		{"a contact state is no target", rule("subscriber = [{ salesforce_status = presence_status.Lunch, acd_state = \"Working\" }]"),
			[]string{"State that cannot be set", "no call can"}},
		{"a state that is none", rule("publisher = [{ acd_state = \"Availabel\", salesforce_status = presence_status.Chats }]"),
			[]string{`Did you mean "Available"?`}},
		{"a loop is printed", rule("publisher = [\n{ acd_state = \"Available\", salesforce_status = presence_status.Lunch },\n{ acd_state = code(\"Meal\"), salesforce_status = presence_status.Chats },\n]\n" +
			"subscriber = [\n{ salesforce_status = presence_status.Chats, acd_state = \"Available\" },\n{ salesforce_status = presence_status.Lunch, acd_state = code(\"Meal\") },\n]"),
			[]string{
				"Presence rule that never settles", "an action from outside changes", "sets CXone to Available", "sets Salesforce to Lunch",
				`sets CXone to code "Meal"`, "sets Salesforce to Chats", "and so on.", "or remove it",
			}},
		{"a rule for nobody", strings.Replace(rule("publisher = [{ acd_state = \"Available\", salesforce_status = presence_status.Chats }]"), `teams = ["Support"]`, "", 1),
			[]string{"Presence rule that reaches nobody", "Set teams or users"}},
		{"two rules for a team", rule("publisher = [{ acd_state = \"Available\", salesforce_status = presence_status.Chats }]") + "presence_rule \"S\" {\nteams = [\"Support\"]\npublisher = [{ acd_state = \"Available\", salesforce_status = presence_status.Chats }]\n}\n",
			[]string{"Two rules for the same people", `team "Support"`, "presence_rule.R", "presence_rule.S"}},
		{"two rules for a user, in whatever case", rule("users = [\"Ana.Lopez@acme.example\"]\npublisher = [{ acd_state = \"Available\", salesforce_status = presence_status.Chats }]") +
			"presence_rule \"S\" {\nusers = [\"ana.lopez@acme.example\"]\npublisher = [{ acd_state = \"Available\", salesforce_status = presence_status.Chats }]\n}\n",
			[]string{"Two rules for the same people", `user "ana.lopez@acme.example"`}},
	}
}

// wrongSecrets put a secret where everybody would see it. Nothing that is said
// may hold it.
func wrongSecrets() []wrong {
	const plain = "Secret in a plain argument"
	variable := "variable \"salesforce_password\" {\n\ttype = string\n\tsensitive = true\n}\n"
	return []wrong{
		{"a sensitive variable in a label", variable + "presence_status \"A\" {\n\tlabel = var.salesforce_password\n}\n", []string{plain, "variable salesforce_password", "Use a value that is no secret"}},
		{"a part of a label", variable + "presence_status \"A\" {\n\tlabel = \"at ${upper(var.salesforce_password)}\"\n}\n", []string{plain}},
		{"through a local value", variable + "locals {\n\tx = [var.salesforce_password]\n}\nunavailable_code \"A\" {\n\tteams = local.x\n}\n", []string{plain}},
		{"in a removed block", variable + "removed {\n\tunavailable_code = var.salesforce_password\n}\n", []string{plain}},
		{"a name of a code", "unavailable_code \"A\" {\n\tname = secret(\"env:CXONE_ACCESS_KEY_SECRET\")\n}\n", []string{plain, "environment variable CXONE_ACCESS_KEY_SECRET"}},
		{"a file's text as a URL", "connected_app \"A\" {\n\tcontact_email = \"a@acme.example\"\n\tscopes = [\"api\"]\n\tcallback_url = secret(\"file:secret.txt\")\n}\n", []string{plain, "file secret.txt"}},
		{"the message of a validation", strings.Replace(variable, "}", "\tvalidation {\n\t\tcondition = length(var.salesforce_password) > 99\n\t\terror_message = \"not ${var.salesforce_password}\"\n\t}\n}", 1), []string{"holds a secret and is not shown"}},
		{"a function that quotes what it cannot read", variable + "presence_status \"A\" {\n\tlabel = tostring(tonumber(var.salesforce_password))\n}\n", []string{"main.hcl line 6"}},
		{"a literal whose quotation mark is missing", "provider \"cxone\" {\n\taccess_key_secret = \"" + canaryKey + "\n}\n", []string{"No closing marker"}},
		{"a literal without quotation marks", "provider \"cxone\" {\n\taccess_key_secret = " + canaryClient + "\n}\n", []string{"main.hcl line 2"}},
		{"a literal with something behind it", "provider \"cxone\" {\n\taccess_key_secret = \"" + canaryKey + "\" nonsense\n}\n", []string{"must end with a newline"}},
		{"a literal of the wrong type", "provider \"cxone\" {\n\taccess_key_secret = [\"" + canaryKey + "\"]\n}\n", []string{"Wrong type"}},
		{"a default of the wrong type", "variable \"p\" {\n\ttype = number\n\tsensitive = true\n\tdefault = \"" + canaryPassword + "\"\n}\n", []string{"Wrong type"}},
	}
}

// TestBadFiles plans each wrong file through the command line: it is refused
// with a place and a way out before any vendor is called, and no secret shows.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	groups := map[string][]wrong{
		"Language": wrongLanguage(), "ForEach": wrongForEach(), "Values": wrongValues(), "Rules": wrongRules(), "Secrets": wrongSecrets(),
	}
	for name, group := range groups {
		for _, tc := range group {
			t.Run(name+"/"+tc.why, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, canaried(), emulator.Options{})
				w.write("main.hcl", tc.text)
				w.write("secret.txt", canaryKey)
				w.refuses(tc.says...)
			})
		}
	}
}

// refuses wants a plan that is refused without a call.
func (w *world) refuses(says ...string) {
	w.t.Helper()
	if status := w.run("plan"); status != exitError {
		w.t.Errorf("exit status %d, want %d:\n%s%s", status, exitError, w.out, w.err)
	}
	w.wantSaid(append(says, "Error: ")...)
	if w.out.Len() > 0 {
		w.t.Errorf("an error is no result, but standard output has:\n%s", w.out)
	}
	if n := w.emulator.Stats().Total(""); n > 0 {
		w.t.Errorf("%d vendor calls were made", n)
	}
	w.wantNoCanary("output", w.out.String()+w.err.String())
}

// TestBadText gives the loader what is no configuration at all.
func TestBadText(t *testing.T) {
	deep := func(open string) string { return "locals {\n\tx = " + strings.Repeat(open, 100_000) + "\n}\n" }
	tests := []struct {
		why, file, text string
		says            []string
	}{
		{"another encoding", "main.hcl", "presence_status \"Caf\xe9\" {}\n", []string{"File is not UTF-8 text", "main.hcl line 1", "Save it in that encoding"}},
		{"UTF-16", "main.hcl", "\xff\xfep\x00r\x00", []string{"File is not UTF-8 text"}},
		{"a NUL byte", "main.hcl", "locals {\x00}\n", []string{"NUL byte"}},
		{"another encoding in JSON", "main.hcl.json", "{\"locals\": {\"a\": \"Caf\xe9\"}}", []string{"File is not UTF-8 text"}},
		{"deep brackets", "main.hcl", deep("["), []string{"Nested too deeply", "main.hcl line 2", "closing bracket is missing"}},
		{"deep templates", "main.hcl", deep(`"${`), []string{"Nested too deeply"}},
		{"deep blocks", "main.hcl", strings.Repeat("a {\n", 100_000), []string{"Nested too deeply", "main.hcl line 201"}},
		{"deep operators, which need no bracket", "main.hcl", strings.Replace(deep("- "), "\n}", "1\n}", 1), []string{"Expression too long"}},
		{"deep JSON", "main.hcl.json", strings.Repeat(`{"a":`, 100_000), []string{"Nested too deeply"}},
		{"half a JSON file", "main.hcl.json", `{"presence_status": {"A": {"option": "busy"}`, []string{"No closing brace"}},
		{"an unknown argument in JSON", "main.hcl.json", `{"presence_status": {"A": {"optoin": "busy"}}}`, []string{"Unknown argument", `Did you mean "option"?`}},
		{"a bare secret in JSON", "main.hcl.json", `{"provider": {"cxone": {"access_key_secret": ` + canaryClient + `}}}`, []string{"enclosed in double quotes"}},
		{"a list in JSON", "main.hcl.json", "[1]", []string{"JSON object is required"}},
		{"a bad variable file", "x.auto.hclvars", "label = \n", []string{"x.auto.hclvars line 1"}},
	}
	for _, tc := range tests {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			if !strings.HasPrefix(tc.file, "main") {
				w.write("main.hcl", "variable \"label\" {\n\tdefault = \"x\"\n}\n")
			}
			w.write(tc.file, tc.text)
			w.refuses(tc.says...)
		})
	}
}

// TestBadDirectory names what is there instead of a configuration.
func TestBadDirectory(t *testing.T) {
	w := newWorld(t, canaried(), emulator.Options{})
	w.refuses("No configuration files", "lockstep init", "-chdir=DIRECTORY")
	w.chdir = filepath.Join(w.chdir, "nowhere")
	w.refuses("Cannot read file", "no such file or directory")
}

// TestHugeFiles wants an answer about 50 MiB, in memory that is a small part of
// what its text as a syntax tree would take.
func TestHugeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("large, and of one goroutine")
	}
	tests := []struct {
		why, file, start, fill, says string
		size                         int
	}{
		{"one text that never ends", "main.hcl", "presence_status \"A\" {\n\tlabel = \"", "x", "Block too large", 50 << 20},
		{"millions of mistakes", "main.hcl", "", "x = \"a\"\n", "Argument outside a block", 2 << 20},
		{"JSON, which cannot be read in pieces", "main.hcl.json", `{"locals": {"a": [`, "1,", "File too large", 50 << 20},
	}
	for _, tc := range tests {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			path := filepath.Join(w.chdir, tc.file)
			text := append([]byte(tc.start), []byte(strings.Repeat(tc.fill, tc.size/len(tc.fill)))...)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			w.refuses(tc.says)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 5*50<<20 {
				t.Errorf("allocated %d MiB for a file of %d MiB", took>>20, tc.size>>20)
			}
		})
	}
}
