package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/lockstep-sync/lockstep/schema"
)

// encrypted returns an age file of a text, and the identity that reads it.
func encrypted(t *testing.T, text string, armored bool) (file, identity string) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var to io.WriteCloser = nopCloser{&out}
	if armored {
		to = armor.NewWriter(&out)
	}
	in, err := age.Encrypt(to, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(in, text)
	if err := errors.Join(err, in.Close(), to.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String(), key.String()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestSecretSources(t *testing.T) {
	plain, key := encrypted(t, "from age\n", false)
	armored, armoredKey := encrypted(t, "from armor", true)
	for _, row := range []struct {
		why, secret, want, source string
		options                   Options
		environ                   []string
	}{
		{why: "the environment", secret: "env:MY", environ: []string{"MY=from env"}, want: "from env", source: "environment variable MY"},
		{why: "a file, less its last newline", secret: "file:plain.txt", want: "from file", source: "file plain.txt"},
		{why: "an age file", secret: "age:plain.age", environ: []string{"LOCKSTEP_AGE_KEY=" + key}, want: "from age", source: "age file plain.age"},
		{why: "an armored age file, its identity in a file", secret: "age:armored.age", environ: []string{"LOCKSTEP_AGE_KEY_FILE=" + filepath.Join(files(t, "identity.txt", armoredKey+"\n"), "identity.txt")}, want: "from armor", source: "age file armored.age"},
		{why: "the key store", secret: "keyring:lockstep/ana", want: "lockstep of ana", source: "key store entry lockstep/ana",
			options: Options{keyring: func(service, user string) (string, error) { return service + " of " + user, nil }}},
		{why: "a command, without a shell", secret: "exec:echo $HOME  x", want: "$HOME x", source: "command echo", options: Options{AllowExec: true}},
		{why: "nothing is resolved offline", secret: "env:NOT_SET", want: "", source: "environment variable NOT_SET", options: Options{Offline: true}},
	} {
		t.Run(row.why, func(t *testing.T) {
			row.options.Environ = append(row.environ, environment...)
			c, ds := loadFiles(t, row.options, "plain.txt", "from file\n", "plain.age", plain, "armored.age", armored,
				"main.hcl", fmt.Sprintf("app \"A\" { consumer_secret = secret(%q) }\n", row.secret))
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			got := c.Objects[0].Secret("consumer_secret")
			if got.Reveal() != row.want || got.Source() != row.source {
				t.Errorf("got %q from %q", got.Reveal(), got.Source())
			}
		})
	}
}

func TestSecretOnce(t *testing.T) {
	asked := 0
	options := Options{keyring: func(string, string) (string, error) { asked++; return "x", nil }}
	_, ds := loadFiles(t, options, "main.hcl", `app "A" {
  for_each        = toset(["a", "b", "c"])
  consumer_secret = secret("keyring:a/b")
}`)
	if len(ds) > 0 || asked != 1 {
		t.Errorf("a key store that asks the user was asked %d times; %v", asked, ds)
	}
}

func TestSecretFailures(t *testing.T) {
	wrong, _ := encrypted(t, "planted-age", false)
	_, otherKey := encrypted(t, "", false)
	for _, row := range []struct{ why, secret, want string }{
		{"a wrong identity", "age:wrong.age", "decrypt"},
		{"a command that fails", "exec:false", "exit status"},
		{"a command that is not there", "exec:/no/such/command", "no such file"},
		{"a command that says nothing", "exec:true", "it is empty"},
		{"a command that says too much", "exec:head -c 2000000 /dev/zero", "it wrote more than 1 MiB"},
	} {
		t.Run(row.why, func(t *testing.T) {
			options := Options{AllowExec: true, Environ: append([]string{"LOCKSTEP_AGE_KEY=" + otherKey, "PATH=" + os.Getenv("PATH")}, environment...)}
			_, ds := loadFiles(t, options, "wrong.age", wrong, "main.hcl", fmt.Sprintf("app \"A\" { consumer_secret = secret(%q) }\n", row.secret))
			if len(ds) != 1 || !strings.Contains(ds[0].Detail, row.want) {
				t.Errorf("no %q in %v", row.want, ds)
			}
		})
	}
}

func TestReadableSecretFile(t *testing.T) {
	dir := files(t, "main.hcl", `app "A" { consumer_secret = secret("file:pem") }`, "pem", "x")
	if err := os.Chmod(filepath.Join(dir, "pem"), 0o644); err != nil { //nolint:gosec // what is warned about
		t.Fatal(err)
	}
	_, ds := Load(t.Context(), Options{Dir: dir, Vendors: testVendors(), Environ: environment})
	if len(ds) != 1 || ds[0].Summary != "Secret file readable by everyone" {
		t.Error(ds)
	}
}

// TestCanary plants secrets in every place that takes one, in files that are
// right and in files that are wrong in many ways, and looks for them in all
// that a load gives out.
func TestCanary(t *testing.T) {
	const canary = "canary-9f3b1c"
	const declarations = `
variable "s" {
  sensitive = true
  default   = "canary-9f3b1c"
}
provider "acme" {
  url   = "https://acme.test"
  token = "canary-9f3b1c"
  jwt {
    user        = "u"
    private_key = <<-EOT
      canary-9f3b1c
    EOT
  }
}
lockstep { store = "postgres://u:canary-9f3b1c@db/x" }
app "Z" { consumer_secret = secret("env:CANARY") }
`
	for _, more := range []string{
		``,
		`app "A" { description = var.s }`,
		`app "A" { description = tonumber(var.s) }`,
		`app "A" { description = { a = 1 }[var.s] }`,
		`app "A" { description = lookup({}, var.s) }`,
		`app "A" { description = jsondecode(var.s) }`,
		`app "A" { description = file(var.s) }`,
		`app "A" { description = env(var.s) }`,
		`app "A" { description = regex("[", var.s) }`,
		`app "A" { description = formatlist("%d", [var.s]) }`,
		`app "A" { for_each = toset([var.s]) }`,
		`app "A" { for_each = { (var.s) = 1 } }`,
		`app "A" { consumer_secret = ["canary-9f3b1c"] }`,
		`app "A" { consumer_secret = "canary-9f3b1c ${nothing.here}" }`,
		`app "A" { consumer_secret = canary-9f3b1c }`,
		`app "A" { consumer_secret = "canary-9f3b1c }`,
		"app \"A\" {\n  consumer_secret = canary-9f3b1c.x canary-9f3b1c\n}",
		`access "A" { statuses = [var.s] }`,
		`status "A" { option = var.s }`,
		`unavailable_code "A" { timeout = var.s }`,
		`unavailable_code "A" { teams = { (var.s) = 1 } }`,
		`mapping "A" { environment = { username = "x", password = { x = "canary-9f3b1c" } } }`,
		`mapping "A" { environment = { username = "x", (var.s) = 1 } }`,
		`removed { app = var.s }`,
		`sync { notify { webhook = "http://canary-9f3b1c/x" } }`,
		`variable "t" {
  sensitive = true
  type      = number
  default   = "canary-9f3b1c"
}`,
	} {
		c, ds := loadFiles(t, Options{Environ: append([]string{"CANARY=" + canary}, environment...)}, "main.hcl", declarations+more)
		said := fmt.Sprint(ds, ds.Error())
		for _, o := range c.Objects {
			said += fmt.Sprintf("%v %+v %#v %s", o, o, o, schema.Text(o.Record))
		}
		for _, p := range c.Providers {
			said += fmt.Sprintf("%v %+v %#v", p, p, p.Record)
		}
		said += fmt.Sprint(c.Sync, c.Lockstep, c.Users, c.Removed, c.Digest)
		for name := range c.files {
			said += string(c.Source(name))
		}
		if i := strings.Index(said, canary); i >= 0 {
			t.Errorf("%s\nshows the secret: …%s", more, said[max(0, i-200):i+len(canary)])
		}
	}
}
