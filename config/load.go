package config

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/lockstep-sync/lockstep/schema"
)

// Options say what to load and what a configuration may use.
type Options struct {
	Dir     string           // the directory; "" means the current one
	Vendors []*schema.Vendor // the providers and kinds that blocks may name

	VarFiles []string          // -var-file, in the order given
	Vars     map[string]string // -var NAME=VALUE
	Environ  []string          // as os.Environ returns it

	// AllowExec lets secret("exec:…") run commands.
	AllowExec bool
	// Offline checks a configuration where its secrets and its environment
	// are not at hand: secrets are not resolved, variables of the environment
	// may be missing, and everything else is checked.
	Offline bool
	// Version is Lockstep's own, for required_version. A version that is not
	// of the form 1.2.3 satisfies any requirement.
	Version string

	keyring func(service, user string) (string, error) // nil: the machine's
}

// A Configuration is what the files of one directory want.
type Configuration struct {
	Lockstep  Lockstep
	Providers map[string]*Provider // those declared, and those that an object needs
	Objects   []*schema.Object     // wanted, in file order
	Removed   []schema.Removal
	Sync      Sync
	Users     []UserMapping

	// Digest tells two configurations apart. It covers the files and the
	// variables that are not sensitive.
	Digest string

	files  map[string]*file
	reveal []byteRange
	hidden []string // names of arguments whose values are secret
	kinds  []string
}

// A Provider is what a provider block says.
type Provider struct {
	Vendor *schema.Vendor
	schema.Record
	// Source is where the block stands; its Block is zero when there is none
	// and the provider is used all the same.
	Source *schema.Source
}

// Load reads a directory. It finds all that is wrong rather than the first,
// and returns a configuration even then, for its texts; what is in it may be
// acted on only when the diagnostics have no errors.
func Load(ctx context.Context, options Options) (*Configuration, schema.Diagnostics) {
	l := newLoader(ctx, options)
	configs, automatic, problems := findFiles(options.Dir)
	l.diags = append(l.diags, problems...)
	l.survey(configs)
	l.loadVariables(automatic)
	l.loadLocals()
	l.scope.seal(l.base)
	l.checkVariables()
	l.decodeBlocks()
	l.decodeSettings()
	l.connect()
	l.finish()
	return l.conf, l.diagnostics()
}

// A loader is the state of one Load.
type loader struct {
	ctx     context.Context
	options Options
	environ map[string]string
	vendors map[string]*schema.Vendor
	layouts map[string]*layout // by top-level block type
	labels  map[string]int
	base    *hcl.EvalContext
	scope   *scope
	conf    *Configuration
	diags   schema.Diagnostics

	files  []*file
	pieces []piece                       // to be decoded side by side
	order  []*results                    // what became of each, in file order
	aside  map[string][]*hclsyntax.Block // blocks that are no objects, by type
	broken bool                          // a file has a syntax error

	declarations []*declaration // in file order
	// byAddress holds every block, from before it is parsed on: an entry then
	// has nothing but its address.
	byAddress map[schema.Address]*declaration
	instances map[schema.Address]*schema.Object

	variables map[string]*variable
	locals    map[string]*local

	secretsMu    sync.Mutex
	fetched      map[string]fetched
	secrets      []string
	fileWarnings schema.Diagnostics
}

func newLoader(ctx context.Context, options Options) *loader {
	l := &loader{
		ctx: ctx, options: options,
		environ: map[string]string{}, vendors: map[string]*schema.Vendor{},
		aside: map[string][]*hclsyntax.Block{}, fetched: map[string]fetched{},
		byAddress: map[schema.Address]*declaration{}, instances: map[schema.Address]*schema.Object{},
		variables: map[string]*variable{}, locals: map[string]*local{},
		conf: &Configuration{Providers: map[string]*Provider{}, files: map[string]*file{}},
	}
	for _, pair := range options.Environ {
		name, value, _ := strings.Cut(pair, "=")
		l.environ[name] = value
	}
	kinds := map[string]*schema.Kind{userMapping: userMappingKind()}
	for _, v := range options.Vendors {
		l.vendors[v.Name] = v
		for _, k := range v.Kinds {
			kinds[k.Name] = k
		}
	}
	l.scope = &scope{
		kinds: kinds, variables: map[string]cty.Value{}, locals: map[string]cty.Value{}, late: map[string]*local{},
		declared: l.byAddress,
	}
	l.base = l.functions() //nolint:contextcheck // functions of the language take no context; the load's own is used
	l.arrangeLayouts()
	return l
}

// newDecoder makes a decoder for blocks of settings, where no block can be
// referred to.
func (l *loader) newDecoder() *decoder {
	return &decoder{scope: l.scope, offline: l.options.Offline, texts: newInterner()}
}

// take adds what a decoder found to the load.
func (l *loader) take(d *decoder) {
	l.diags = append(l.diags, d.diags...)
	l.secrets = append(l.secrets, d.secrets...)
	l.conf.reveal = append(l.conf.reveal, d.reveal...)
	d.diags, d.secrets, d.reveal = nil, nil, nil
}

func (l *loader) report(d schema.Diagnostic) { l.diags = append(l.diags, d) }

// diagnostics returns what was found, fit to be shown.
func (l *loader) diagnostics() schema.Diagnostics {
	l.diags = append(l.diags, l.fileWarnings...)
	return scrub(tidy(l.diags), l.secrets)
}

// digest sums up the files and the plain variables.
func (l *loader) digest() string {
	h := sha256.New()
	for _, f := range l.files {
		_, _ = fmt.Fprintf(h, "%q %x\n", f.name, f.sum) // a hash takes everything
	}
	for _, name := range sorted(mapKeys(l.variables)) {
		v := l.variables[name]
		if !v.sensitive && v.value != cty.NilVal {
			plain, _ := v.value.UnmarkDeep()
			text, err := ctyjson.Marshal(plain, cty.DynamicPseudoType)
			_, _ = fmt.Fprintf(h, "%s %s %t\n", name, text, err == nil)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
